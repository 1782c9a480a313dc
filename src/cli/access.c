#include <stdio.h>
#include <stdlib.h>

#include "cli/admin_call.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/find.h"
#include "cli/who.h"

static const struct option_row OPTIONS[] = {
    {"scope", 's', VALUE_WORD, "SCOPE", "Only what counts at this scope or below it (default: everything, everywhere)", false},
};

static const struct operand_row OPERANDS[] = {
    {"WHO", WHO_HELP},
};

// One line: what one assignment allows in one service on one plane.
struct line {
    bool               is_data;
    str                service; /* the provider; "*" for all */
    const struct json *grant, *actions, *not_actions;
    size_t             order; /* as it came */
};

struct lines {
    struct line *at;
    size_t       n, room;
};

static str service_of(str action)
{
    str provider = str_upto(action, str_find(action, '/'));
    return str_find(provider, '*') == STR_NOWHERE ? provider : S("*");
}

static bool is_there(const struct lines *l, size_t from, bool is_data, str service)
{
    for (size_t i = from; i < l->n; i++)
        if (l->at[i].is_data == is_data && str_eq_nocase(l->at[i].service, service)) return true;
    return false;
}

static enum err add_line(struct call *c, struct lines *l, struct line line)
{
    if (l->n == l->room) {
        struct line *more;
        size_t       room = l->room ? 2 * l->room : 64;
        TRY(NEW(c, &more, room));
        if (l->n) memcpy(more, l->at, l->n * sizeof *more);
        l->at = more;
        l->room = room;
    }
    line.order = l->n;
    l->at[l->n++] = line;
    return OK;
}

static enum err add_block(struct call *c, struct lines *l, const struct json *grant, const struct json *block, bool is_data)
{
    size_t             from = l->n;
    const struct json *actions = json_get(block, is_data ? S("dataActions") : S("actions"));
    const struct json *not_actions = json_get(block, is_data ? S("notDataActions") : S("notActions"));
    for (size_t i = 0; i < json_n(actions); i++) {
        str service = service_of(json_str(json_at(actions, i)));
        if (is_there(l, from, is_data, service)) continue;
        TRY(add_line(c, l, (struct line){.is_data = is_data, .service = service, .grant = grant, .actions = actions, .not_actions = not_actions}));
    }
    return OK;
}

static int by_plane_and_service(const void *a_, const void *b_)
{
    const struct line *a = a_, *b = b_;
    if (a->is_data != b->is_data) return a->is_data - b->is_data;
    int order = str_cmp_nocase(a->service, b->service);
    if (order) return order;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void print_actions(const struct json *actions, str service, const char *indent, const char *mark)
{
    for (size_t i = 0; i < json_n(actions); i++) {
        str action = json_str(json_at(actions, i));
        if (service.at && !str_eq_nocase(service_of(action), service)) continue;
        printf("%s%s%.*s\n", indent, mark, PSTR(action));
    }
}

static void print_line(const struct line *x)
{
    str group = json_get_str(x->grant, S("group")), condition = json_get_str(x->grant, S("condition")),
        from = json_get_str(x->grant, S("countsFrom"));
    printf("    %.*s at %.*s", PSTR(json_get_str(x->grant, S("roleName"))), PSTR(json_get_str(x->grant, S("scope"))));
    if (!str_empty(group)) printf(", through the group %.*s", PSTR(group));
    if (!str_empty(from)) printf(", from %.*s on", PSTR(from));
    putchar('\n');
    printf("      by %.*s\n", PSTR(json_get_str(x->grant, S("roleAssignment"))));
    print_actions(x->actions, x->service, "      ", "");
    print_actions(x->not_actions, STR_NONE, "      ", "but not ");
    if (!str_empty(condition)) printf("      if %.*s\n", PSTR(condition));
}

static void print_lines(const struct cli *cli, const struct lines *l)
{
    const char *bold = cli->color ? "\033[1m" : "", *plain = cli->color ? "\033[0m" : "";
    for (size_t i = 0; i < l->n; i++) {
        const struct line *x = &l->at[i], *before = i ? x - 1 : NULL;
        bool               new_plane = !before || before->is_data != x->is_data;
        if (new_plane) printf("%s%s%s%s\n", i ? "\n" : "", bold, x->is_data ? "Data" : "Management", plain);
        if (new_plane || !str_eq_nocase(before->service, x->service))
            printf("  %.*s\n", PSTR(str_eq(x->service, S("*")) ? S("Every service") : x->service));
        print_line(x);
    }
}

static void print_denies(const struct json *denies)
{
    if (json_n(denies)) printf("\nDenied, whatever is allowed above\n");
    for (size_t i = 0; i < json_n(denies); i++) {
        const struct json *p = json_get(json_at(denies, i), S("properties")), *blocks = json_get(p, S("permissions"));
        printf("  %.*s at %.*s\n", PSTR(json_get_str(p, S("denyAssignmentName"))), PSTR(json_get_str(p, S("scope"))));
        for (size_t k = 0; k < json_n(blocks); k++) {
            print_actions(json_get(json_at(blocks, k), S("actions")), STR_NONE, "    ", "");
            print_actions(json_get(json_at(blocks, k), S("dataActions")), STR_NONE, "    ", "");
        }
    }
}

static enum err print_access(struct cli *cli, const struct json *answer)
{
    struct lines       l = {0};
    const struct json *grants = json_get(answer, S("grants"));
    for (size_t i = 0; i < json_n(grants); i++) {
        const struct json *grant = json_at(grants, i), *blocks = json_get(grant, S("permissions"));
        for (size_t k = 0; k < json_n(blocks); k++) {
            TRY(add_block(&cli->call, &l, grant, json_at(blocks, k), false));
            TRY(add_block(&cli->call, &l, grant, json_at(blocks, k), true));
        }
    }
    if (l.n) qsort(l.at, l.n, sizeof *l.at, by_plane_and_service);
    if (l.n == 0) printf("No role assignment gives it anything%s.\n", cli_has(cli, "scope") ? " there" : "");
    print_lines(cli, &l);
    print_denies(json_get(answer, S("denies")));
    return OK;
}

static enum err add_items(struct call *c, struct buf *to, const struct json *items)
{
    str text;
    for (size_t i = 0; i < json_n(items); i++) {
        TRY(json_text(c, json_at(items, i), &text));
        if (to->n) buf_add_char(to, ',');
        buf_add(to, text);
    }
    return OK;
}

// All pages as one answer.
static enum err ask_pages(struct cli *cli, str path, str body, const struct json **out)
{
    struct call *c = &cli->call;
    struct buf   grants, denies;
    str          grant_text, deny_text;
    buf_init(&grants, &c->arena);
    buf_init(&denies, &c->arena);
    while (!str_empty(path)) {
        const struct json *page;
        TRY(admin_json(cli, "POST", path, body, &page));
        TRY(add_items(c, &grants, json_get(page, S("grants"))));
        TRY(add_items(c, &denies, json_get(page, S("denies"))));
        TRY(admin_next(cli, page, &path));
    }
    TRY(buf_finish(c, &grants, &grant_text));
    TRY(buf_finish(c, &denies, &deny_text));
    struct buf all;
    str        text;
    buf_init(&all, &c->arena);
    buf_add(&all, S("{\"grants\":["));
    buf_add(&all, grant_text);
    buf_add(&all, S("],\"denies\":["));
    buf_add(&all, deny_text);
    buf_add(&all, S("]}"));
    TRY(buf_finish(c, &all, &text));
    return json_parse(c, text, out);
}

static enum err ask(struct cli *cli, const struct json **out)
{
    struct call *c = &cli->call;
    str          principal, scope;
    TRY(find_scope(cli, str_of(cli_value(cli, "scope", "/")), &scope));
    TRY(who_find(cli, str_of(cli->operands[0]), &principal));
    TRY(ask_validate(cli, principal, STR_NONE, scope));
    str body = call_format(c, "{\"principal\":\"%.*s\"}", PSTR(principal));
    return ask_pages(cli, call_format(c, "%.*s/providers/Lanyard.Authorization/access", PSTR(ask_path(scope))), body, out);
}

static int run_access(struct cli *cli)
{
    const struct json *answer = NULL;
    str                text = STR_NONE;
    enum err           failed = ask(cli, &answer);
    if (failed == OK) failed = json_text(&cli->call, answer, &text);
    if (failed != OK) {
        cli_failed(cli);
        return STATUS_USAGE; // as check and why end
    }
    if (cli->json) {
        printf("%.*s\n", PSTR(text));
        return STATUS_OK;
    }
    return print_access(cli, answer) == OK ? STATUS_OK : cli_failed(cli);
}

static const struct example_row EXAMPLES[] = {
    {"lanyard access web", "All that the machine web can do, and by which assignment"},
    {"lanyard access web --scope \"$VAULT\"", "What it can do with this vault"},
};

const struct command COMMAND_ACCESS = {
    .name = "access",
    .summary = "List what a principal can do",
    .about = "Grouped by plane and service, each with the role assignment that it comes from; groups count, and denies are listed at the end.",
    .exit_status = "0 with a list, an empty one too; 2 if no answer could be given.",
    .options = OPTIONS,
    .option_n = COUNT(OPTIONS),
    .operands = OPERANDS,
    .operand_n = COUNT(OPERANDS),
    .examples = EXAMPLES,
    .example_n = COUNT(EXAMPLES),
    .run = run_access,
};
