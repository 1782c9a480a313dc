// list, show and delete.
#include <stdio.h>

#include "cli/admin_call.h"
#include "cli/commands.h"
#include "cli/find.h"
#include "cli/find_application.h"
#include "cli/manage/report.h"
#include "cli/pretty.h"

#define GROUPS_VERSION      "2022-09-01"
#define ASSIGNMENTS_VERSION "2022-04-01"

// One kind of list: where it comes from and what of each item is shown.
struct list {
    const char       *word;
    const char       *path; /* behind the subscription; from "/v1.0" on: Graph's */
    const char *const titles[TABLE_MAX_COLUMNS];
    size_t            columns;
    enum err (*row)(struct table *t, const struct json *item);
    bool of_group; /* of a resource group too */
};

struct printing {
    struct cli        *cli;
    const struct list *list;
    const struct kind *kind; /* NULL: any */
    struct table       table;
    struct names_seen  names;
    struct buf         json; /* the items, with commas between them */
    enum err           failed;
};

static str group_of(str id)
{
    str rest = id, piece;
    while (str_cut(&rest, '/', &piece))
        if (str_eq_nocase(piece, S("resourceGroups")) && str_cut(&rest, '/', &piece)) return piece;
    return STR_NONE;
}

static str last_of(str id)
{
    return str_from(id, str_find_last(id, '/') + 1);
}

static str identities_of(struct call *c, const struct json *item)
{
    struct buf         b;
    const struct json *identity = json_get(item, S("identity")), *users = json_get(identity, S("userAssignedIdentities"));
    buf_init(&b, &c->arena);
    if (!str_empty(json_get_str(identity, S("principalId")))) buf_add(&b, S(IDENTITY_IS_SYSTEM));
    for (size_t i = 0; i < json_n(users); i++) buf_addf(&b, "%s%.*s", b.n ? ", " : "", PSTR(last_of(users->u.list.names[i])));
    return buf_view(&b);
}

static enum err resource_row(struct table *t, const struct json *item)
{
    str                type = json_get_str(item, S("type")), id = json_get_str(item, S("id"));
    const struct kind *kind = kind_of_type(type);
    TRY(table_add(t, json_get_str(item, S("name"))));
    TRY(table_add(t, kind ? str_of(kind->word) : type));
    TRY(table_add(t, group_of(id)));
    return table_add(t, identities_of(&t->cli->call, item));
}

static enum err group_row(struct table *t, const struct json *item)
{
    TRY(table_add(t, json_get_str(item, S("name"))));
    return table_add(t, json_get_str(item, S("location")));
}

// A principal that is gone keeps its assignments: they are orphans.
static enum err principal_name(struct cli *cli, str id, str *out)
{
    const struct json *found;
    TRY(admin_find(cli, call_format(&cli->call, "/v1.0/directoryObjects/%.*s", PSTR(id)), &found));
    *out = found ? json_get_str(found, S("displayName")) : call_format(&cli->call, "(gone: %.*s)", PSTR(id));
    return OK;
}

static enum err role_name(struct cli *cli, str id, str *out)
{
    TRY(find_role_name(cli, id, out));
    if (str_empty(*out)) *out = last_of(id);
    return OK;
}

// Many rows name the same few principals and roles: each is asked for once.
static enum err named(struct cli *cli, struct names_seen *seen, enum err (*ask)(struct cli *cli, str id, str *out), str id, str *out)
{
    for (size_t i = 0; i < seen->n; i++)
        if (str_eq_nocase(seen->ids[i], id)) {
            *out = seen->names[i];
            return OK;
        }
    TRY(ask(cli, id, out));
    if (seen->n == COUNT(seen->ids)) return OK;
    TRY(call_copy_str(&cli->call, id, &seen->ids[seen->n]));
    seen->names[seen->n++] = *out;
    return OK;
}

static enum err grant_row(struct table *t, const struct json *item)
{
    const struct json *p = json_get(item, S("properties"));
    str                who, role;
    TRY(named(t->cli, t->names, principal_name, json_get_str(p, S("principalId")), &who));
    TRY(named(t->cli, t->names, role_name, json_get_str(p, S("roleDefinitionId")), &role));
    TRY(table_add(t, who));
    TRY(table_add(t, json_get_str(p, S("principalType"))));
    TRY(table_add(t, role));
    return table_add(t, json_get_str(p, S("scope")));
}

static enum err role_row(struct table *t, const struct json *item)
{
    TRY(table_add(t, json_str(json_path(item, "properties.roleName"))));
    TRY(table_add(t, json_str(json_path(item, "properties.type"))));
    return table_add(t, json_get_str(item, S("name")));
}

static enum err lock_row(struct table *t, const struct json *item)
{
    str id = json_get_str(item, S("id"));
    TRY(table_add(t, json_get_str(item, S("name"))));
    TRY(table_add(t, json_str(json_path(item, "properties.level"))));
    TRY(table_add(t, str_upto(id, str_find_str(id, S("/providers/Microsoft.Authorization/locks/")))));
    return table_add(t, json_str(json_path(item, "properties.notes")));
}

static enum err user_row(struct table *t, const struct json *item)
{
    TRY(table_add(t, json_get_str(item, S("userPrincipalName"))));
    return table_add(t, json_get_str(item, S("id")));
}

static enum err usergroup_row(struct table *t, const struct json *item)
{
    TRY(table_add(t, json_get_str(item, S("displayName"))));
    return table_add(t, json_get_str(item, S("id")));
}

// "Orders.Read, Orders.Write"
static str joined(struct call *c, const struct json *list, const char *member)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < json_n(list); i++)
        buf_addf(&b, "%s%.*s", i ? ", " : "", PSTR(member ? json_get_str(json_at(list, i), str_of(member)) : json_str(json_at(list, i))));
    return buf_view(&b);
}

static enum err application_row(struct table *t, const struct json *item)
{
    TRY(table_add(t, json_get_str(item, S("displayName"))));
    TRY(table_add(t, json_get_str(item, S("appId"))));
    TRY(table_add(t, joined(&t->cli->call, json_get(item, S("identifierUris")), NULL)));
    return table_add(t, joined(&t->cli->call, json_get(item, S("appRoles")), "value"));
}

static const struct list LISTS[] = {
    {"resources", "/resources?api-version=" RESOURCE_VERSION, {"NAME", "KIND", "GROUP", "IDENTITIES"}, 4, resource_row, .of_group = true},
    {"groups", "/resourceGroups?api-version=" GROUPS_VERSION, {"NAME", "LOCATION"}, 2, group_row},
    {"grants", "/providers/Microsoft.Authorization/roleAssignments?api-version=" ASSIGNMENTS_VERSION, {"PRINCIPAL", "TYPE", "ROLE", "SCOPE"}, 4, grant_row, .of_group = true},
    {"locks", "/providers/Microsoft.Authorization/locks?api-version=" LOCKS_VERSION, {"NAME", "LEVEL", "SCOPE", "NOTES"}, 4, lock_row, .of_group = true},
    {"roles", "/providers/Microsoft.Authorization/roleDefinitions?api-version=" ROLES_VERSION, {"NAME", "TYPE", "ID"}, 3, role_row},
    {"users", "/v1.0/users", {"NAME", "ID"}, 2, user_row},
    {"usergroups", "/v1.0/groups", {"NAME", "ID"}, 2, usergroup_row},
    {"applications", "/v1.0/applications", {"NAME", "CLIENT ID", "URIS", "APP ROLES"}, 4, application_row},
};

static const struct list *list_find(str word)
{
    for (size_t i = 0; i < COUNT(LISTS); i++) {
        str plural = str_of(LISTS[i].word);
        if (str_eq_nocase(plural, word) || str_eq_nocase(str_upto(plural, plural.n - 1), word)) return &LISTS[i];
    }
    return NULL;
}

static bool see(const struct json *item, void *ctx)
{
    struct printing *p = ctx;
    str              text;
    if (p->kind && !str_eq_nocase(json_get_str(item, S("type")), str_of(p->kind->type))) return true;
    if (!p->cli->json) {
        p->failed = p->list->row(&p->table, item);
        return p->failed == OK;
    }
    p->failed = json_text(&p->cli->call, item, &text);
    buf_addf(&p->json, "%s%.*s", p->json.n ? "," : "", PSTR(text));
    return p->failed == OK;
}

// Behind the subscription, or behind the resource group of --group.
static enum err path_of(struct cli *cli, const struct list *list, str *out)
{
    struct call *c = &cli->call;
    str          path = str_of(list->path), at;
    const char  *group = cli_value(cli, "group", NULL);
    if (group && !list->of_group) return FAIL(c, ERR_USAGE, "There is no list of the %s of a resource group.", list->word);
    if (group) TRY(find_group(cli, str_of(group), &at));
    else TRY(find_subscription(cli, &at));
    *out = str_starts(path, S("/v1.0")) ? path : call_format(c, "%.*s%.*s", PSTR(at), PSTR(path));
    return OK;
}

static enum err print_list(struct cli *cli)
{
    struct call       *c = &cli->call;
    str                word = cli->operand_n ? str_of(cli->operands[0]) : S("resources"), path, items;
    const struct list *list = list_find(word);
    const struct kind *kind = list ? NULL : kind_find(c, word);
    if (!list && !kind) return FAIL(c, ERR_USAGE, "\"%.*s\" is not a kind of list: `lanyard list --help` names them.", PSTR(word));
    struct printing p = {.cli = cli, .list = list ? list : &LISTS[0], .kind = kind};
    table_init(&p.table, cli, p.list->titles, p.list->columns);
    p.table.names = &p.names;
    buf_init(&p.json, &c->arena);
    TRY(path_of(cli, p.list, &path));
    TRY(admin_each(cli, path, see, &p));
    TRY(p.failed);
    TRY(buf_finish(c, &p.json, &items));
    if (cli->json) printf("[%.*s]\n", PSTR(items));
    else table_print(&p.table);
    return OK;
}

static int run_list(struct cli *cli)
{
    return print_list(cli) == OK ? STATUS_OK : cli_failed(cli);
}

// What a name stands for: a resource or a group of them, or an application. One that may be both is refused.
static enum err find_thing(struct cli *cli, str name, str *out_id, const struct json **out_application)
{
    struct call *c = &cli->call;
    *out_application = NULL;
    if (application_is_meant(name)) return application_get(cli, name, out_application);
    if (!str_starts(name, S("/"))) TRY(application_find(cli, name, out_application));
    if (!*out_application) return find_scope(cli, name, out_id);
    if (find_scope(cli, name, out_id) == OK)
        return FAIL(c, ERR_CONFLICT, "\"%.*s\" is an application and %.*s: give the id of one.", PSTR(name), PSTR(*out_id));
    if (c->failure.kind != ERR_NOT_FOUND && c->failure.kind != ERR_USAGE) return c->failure.kind;
    call_forgive(c);
    return OK;
}

static enum err show(struct cli *cli)
{
    struct call       *c = &cli->call;
    const struct json *found;
    struct buf         b;
    str                id, text;
    TRY(find_thing(cli, str_of(cli->operands[0]), &id, &found));
    if (!found) TRY(find_look(cli, id, &found));
    if (!found) return FAIL(c, ERR_NOT_FOUND, "There is nothing at %.*s.", PSTR(id));
    TRY(json_text(c, found, &text));
    if (cli->json) {
        printf("%.*s\n", PSTR(text));
        return OK;
    }
    buf_init(&b, &c->arena);
    pretty_json(&b, text, cli->color);
    TRY(buf_finish(c, &b, &text));
    printf("%.*s", PSTR(text));
    return OK;
}

static int run_show(struct cli *cli)
{
    return show(cli) == OK ? STATUS_OK : cli_failed(cli);
}

static bool is_group(str id)
{
    size_t n = 0;
    for (str rest = id, piece; str_cut(&rest, '/', &piece);) n += !str_empty(piece);
    return n == 4 && !str_empty(group_of(id));
}

// Deleting a group deletes what is in it: that is asked for once more, of a person or by --yes.
static enum err confirm(struct cli *cli, str id)
{
    bool agreed;
    if (!is_group(id)) return OK;
    TRY(cli_confirm(cli, call_format(&cli->call, "Delete %.*s and everything in it?", PSTR(id)),
                    S("Deleting a resource group deletes everything in it: say --yes."), &agreed));
    return agreed ? OK : FAIL(&cli->call, ERR_CONFLICT, "Nothing was deleted.");
}

static enum err delete_one(struct cli *cli)
{
    struct call       *c = &cli->call;
    const struct json *gone, *application;
    str                id, path;
    TRY(find_thing(cli, str_of(cli->operands[0]), &id, &application));
    if (application) {
        id = json_get_str(application, S("id"));
        path = call_format(c, "/v1.0/applications/%.*s", PSTR(id));
    } else {
        TRY(confirm(cli, id));
        path = call_format(c, "%.*s?api-version=%s", PSTR(id), kind_version_of(id));
    }
    TRY(admin_json(cli, "DELETE", path, STR_NONE, &gone));
    if (cli->json) printf("{\"deleted\":\"%.*s\"}\n", PSTR(id));
    else printf("%-9s %.*s\n", "deleted", PSTR(id));
    return OK;
}

static int run_delete(struct cli *cli)
{
    return delete_one(cli) == OK ? STATUS_OK : cli_failed(cli);
}

static const struct operand_row LIST_OPERANDS[] = {
    {"[KIND]", "resources (the default), groups, grants, locks, roles, users, usergroups, applications, or a kind of resource as vms, identities, vaults"},
};
static const struct option_row  LIST_OPTIONS[] = {{"group", 'g', VALUE_WORD, "GROUP", "Only those of this resource group", false}};
static const struct operand_row ONE_OPERAND[] = {{"NAME", SCOPE_HELP "; or " APPLICATION_HELP}};
static const struct option_row  DELETE_OPTIONS[] = {{"yes", 'y', VALUE_NONE, NULL, "Do not ask", false}};

static const struct example_row LIST_EXAMPLES[] = {
    {"lanyard list", "All resources, with their identities"},
    {"lanyard list -g prod", "Those of the resource group prod"},
    {"lanyard list vaults --json", "The vaults, as a JSON array"},
    {"lanyard list grants", "Who has which role where"},
};

const struct command COMMAND_LIST = {
    .name = "list",
    .summary = "List resources, groups, grants, locks, roles, users, applications",
    .options = LIST_OPTIONS,
    .option_n = COUNT(LIST_OPTIONS),
    .operands = LIST_OPERANDS,
    .operand_n = COUNT(LIST_OPERANDS),
    .examples = LIST_EXAMPLES,
    .example_n = COUNT(LIST_EXAMPLES),
    .run = run_list,
};

const struct command COMMAND_SHOW = {
    .name = "show",
    .summary = "Show a resource, a resource group or an application",
    .about = "Prints what the management API, or Graph, says of it: indented, or with --json on one line.",
    .operands = ONE_OPERAND,
    .operand_n = COUNT(ONE_OPERAND),
    .run = run_show,
};

const struct command COMMAND_DELETE = {
    .name = "delete",
    .summary = "Delete a resource, a resource group or an application",
    .about = "A resource's own identity goes with it, an application's service principal and the grants of its app roles. A deleted vault keeps its "
             "name and its secrets until its retention is over.",
    .options = DELETE_OPTIONS,
    .option_n = COUNT(DELETE_OPTIONS),
    .operands = ONE_OPERAND,
    .operand_n = COUNT(ONE_OPERAND),
    .run = run_delete,
};
