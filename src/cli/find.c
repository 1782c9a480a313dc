#include "cli/find.h"

#include "cli/admin_call.h"
#include "cli/manage/kinds.h"

#define MOST_NEAR 5 /* names that come near, in a message */

enum err find_facts(struct cli *cli, const struct json **out)
{
    if (!cli->facts) TRY(admin_json(cli, "GET", S("/lanyard/status"), STR_NONE, &cli->facts));
    *out = cli->facts;
    return OK;
}

enum err find_subscription(struct cli *cli, str *out)
{
    const struct json *facts;
    TRY(find_facts(cli, &facts));
    *out = call_format(&cli->call, "/subscriptions/%.*s", PSTR(json_get_str(facts, S("subscription"))));
    return OK;
}

void candidates_init(struct candidates *x, struct call *c, str name)
{
    *x = (struct candidates){.c = c, .name = name};
    buf_init(&x->lines, &c->arena);
}

bool candidates_see(const struct json *item, void *ctx)
{
    struct candidates *x = ctx;
    str                id = json_get_str(item, S("id"));
    if (x->n++ == 0) x->first = id;
    buf_addf(&x->lines, "\n  %.*s", PSTR(id));
    return true;
}

// A slot is called "shop/next" in answers, and "next" is its own name.
static bool see_named(const struct json *item, void *ctx)
{
    struct candidates *x = ctx;
    str                name = json_get_str(item, S("name"));
    bool               fits = str_empty(x->below) || str_starts_nocase(json_get_str(item, S("id")), x->below);
    return fits && str_eq_nocase(str_from(name, str_find_last(name, '/') + 1), x->name) ? candidates_see(item, x) : true;
}

enum err candidates_one(const struct candidates *x, const char *what, str *out)
{
    if (x->n == 0) return FAIL(x->c, ERR_NOT_FOUND, "There is no %s \"%.*s\" here.", what, PSTR(x->name));
    if (x->n > 1)
        return FAIL(x->c, ERR_CONFLICT, "\"%.*s\" may mean %zu things; give the id of one:%.*s", PSTR(x->name), x->n, PSTR(buf_view(&x->lines)));
    *out = x->first;
    return OK;
}

enum err find_group(struct cli *cli, str name, str *out)
{
    struct call      *c = &cli->call;
    struct candidates x;
    str               subscription;
    candidates_init(&x, c, name);
    if (str_starts(name, S("/"))) {
        *out = name;
        return OK;
    }
    TRY(find_subscription(cli, &subscription));
    TRY(admin_each(cli, call_format(c, "%.*s/resourceGroups?api-version=" RESOURCE_VERSION, PSTR(subscription)),
                   str_empty(name) ? candidates_see : see_named, &x));
    if (str_empty(name) && x.n == 0) return FAIL(c, ERR_NOT_FOUND, "There is no resource group yet: make one with `lanyard create group NAME`.");
    if (str_empty(name) && x.n > 1)
        return FAIL(c, ERR_USAGE, "There are %zu resource groups; name one with --group:%.*s", x.n, PSTR(buf_view(&x.lines)));
    return candidates_one(&x, "resource group", out);
}

enum err find_check_name(struct call *c, str name)
{
    static const str OTHERS = S_INIT("-_.()@+/ ");
    for (size_t i = 0; i < name.n; i++) {
        char ch = char_lower(name.at[i]);
        if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || str_find(OTHERS, ch) != STR_NOWHERE))
            return FAIL(c, ERR_USAGE, "\"%.*s\" is neither an ARM id nor a name.", PSTR(name));
    }
    return name.n ? OK : FAIL(c, ERR_USAGE, "The name is empty.");
}

enum err find_resources_named(struct cli *cli, struct candidates *x)
{
    struct call *c = &cli->call;
    str          subscription;
    struct buf   path;
    TRY(find_subscription(cli, &subscription));
    buf_init(&path, &c->arena);
    buf_addf(&path, "%.*s/resources?api-version=" RESOURCE_VERSION "&$filter=name%%20eq%%20'", PSTR(subscription));
    admin_escape(&path, x->name);
    buf_add_char(&path, '\'');
    return admin_each(cli, buf_view(&path), see_named, x);
}

enum err find_look(struct cli *cli, str id, const struct json **out)
{
    return admin_find(cli, call_format(&cli->call, "%.*s?api-version=%s", PSTR(id), kind_version_of(id)), out);
}

enum err find_user_name(struct cli *cli, str name, str *out)
{
    struct call       *c = &cli->call;
    const struct json *facts, *operator;
    *out = name;
    if (str_find(name, '@') != STR_NOWHERE) return OK;
    TRY(find_facts(cli, &facts));
    TRY(admin_json(cli, "GET", call_format(c, "/v1.0/users/%.*s", PSTR(json_get_str(facts, S("operator")))), STR_NONE, &operator));
    str own = json_get_str(operator, S("userPrincipalName"));
    *out = call_format(c, "%.*s%.*s", PSTR(name), PSTR(str_from(own, str_find_last(own, '@'))));
    return OK;
}

static size_t slashes_in(str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += s.at[i] == '/';
    return n;
}

static enum err find_child(struct cli *cli, str parent, str rest, str *out)
{
    struct call *c = &cli->call;
    str          id;
    TRY(find_resource(cli, parent, &id));
    if (slashes_in(rest) % 2 == 1) { // TYPE/NAME, and so on
        *out = call_format(c, "%.*s/%.*s", PSTR(id), PSTR(rest));
        return OK;
    }
    struct candidates x;
    candidates_init(&x, c, rest);
    x.below = call_format(c, "%.*s/", PSTR(id));
    TRY(find_resources_named(cli, &x));
    return candidates_one(&x, call_zstr(c, call_format(c, "part of %.*s called", PSTR(parent))), out);
}

enum err find_resource(struct cli *cli, str name, str *out)
{
    struct call      *c = &cli->call;
    struct candidates x;
    size_t            slash = str_find(name, '/');
    if (slash == 0) {
        *out = name;
        return OK;
    }
    TRY(find_check_name(c, name));
    if (slash != STR_NOWHERE) return find_child(cli, str_upto(name, slash), str_from(name, slash + 1), out);
    candidates_init(&x, c, name);
    TRY(find_resources_named(cli, &x));
    return candidates_one(&x, "resource", out);
}

enum err find_scope(struct cli *cli, str name, str *out)
{
    struct call      *c = &cli->call;
    struct candidates x;
    str               subscription;
    if (str_starts(name, S("/"))) {
        while (name.n > 1 && str_ends(name, S("/"))) name.n--;
        *out = name;
        return OK;
    }
    if (str_eq(name, S("subscription"))) return find_subscription(cli, out);
    if (str_find(name, '/') != STR_NOWHERE) return find_resource(cli, name, out);
    TRY(find_check_name(c, name));
    candidates_init(&x, c, name);
    TRY(find_subscription(cli, &subscription));
    TRY(admin_each(cli, call_format(c, "%.*s/resourceGroups?api-version=" RESOURCE_VERSION, PSTR(subscription)), see_named, &x));
    TRY(find_resources_named(cli, &x));
    return candidates_one(&x, "resource group or resource", out);
}

struct role_search {
    str        name;
    str        id, found_name;
    struct buf near;
    size_t     near_n;
};

static bool see_role(const struct json *item, void *ctx)
{
    struct role_search *s = ctx;
    str                 name = json_str(json_path(item, "properties.roleName")), id = json_get_str(item, S("id"));
    if (str_eq_nocase(name, s->name) || str_eq_nocase(id, s->name) || str_eq_nocase(json_get_str(item, S("name")), s->name)) {
        s->id = id;
        s->found_name = name;
        return false;
    }
    if (s->near_n < MOST_NEAR && (str_contains_nocase(name, s->name) || str_contains_nocase(s->name, name))) {
        s->near_n++;
        buf_addf(&s->near, "\n  %.*s", PSTR(name));
    }
    return true;
}

enum err find_role(struct cli *cli, str name, str *out_id, str *out_name)
{
    struct call       *c = &cli->call;
    struct role_search s = {.name = name};
    str                subscription;
    if (str_empty(name)) return FAIL(c, ERR_USAGE, "The role's name is empty.");
    buf_init(&s.near, &c->arena);
    TRY(find_subscription(cli, &subscription));
    TRY(admin_each(cli, call_format(c, "%.*s/providers/Microsoft.Authorization/roleDefinitions?api-version=" ROLES_VERSION, PSTR(subscription)),
                   see_role, &s));
    if (str_empty(s.id) && s.near_n)
        return FAIL(c, ERR_NOT_FOUND, "There is no role \"%.*s\"; did you mean one of these?%.*s", PSTR(name), PSTR(buf_view(&s.near)));
    if (str_empty(s.id)) return FAIL(c, ERR_NOT_FOUND, "There is no role \"%.*s\"; `lanyard list roles` shows all.", PSTR(name));
    *out_id = s.id;
    *out_name = s.found_name;
    return OK;
}

enum err find_role_name(struct cli *cli, str id, str *out)
{
    const struct json *role;
    const char        *where = str_starts(id, S("/")) ? "" : "/providers/Microsoft.Authorization/roleDefinitions/";
    TRY(admin_find(cli, call_format(&cli->call, "%s%.*s?api-version=" ROLES_VERSION, where, PSTR(id)), &role));
    *out = json_str(json_path(role, "properties.roleName"));
    return OK;
}
