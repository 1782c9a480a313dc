#include "cli/manage/grants.h"

#include "cli/find.h"
#include "cli/find_application.h"
#include "cli/who.h"

enum err grant_read(struct cli *cli, str who, str role, str on, str condition, struct grant *out)
{
    struct call *c = &cli->call;
    str          principal, name, at = on;
    *out = (struct grant){.is_app_role = application_is_meant(on)};
    if (out->is_app_role && !str_empty(condition)) return FAIL(c, ERR_USAGE, "An app role is granted without a condition.");
    TRY(who_find(cli, who, &principal));
    if (out->is_app_role) {
        TRY(app_role_find(cli, on, role, &out->app_role, &name));
        out->app_role.principal = principal;
    } else {
        out->assignment = (struct ensure_grant){.principal = principal, .condition = condition};
        TRY(find_role(cli, role, &out->assignment.role, &name));
        TRY(find_scope(cli, on, &out->assignment.scope));
        at = out->assignment.scope;
    }
    out->words = call_format(c, "%.*s: %.*s at %.*s", PSTR(who), PSTR(name), PSTR(at));
    return call_check_texts(c);
}

enum err grant_ensure(struct cli *cli, const struct grant *g, struct ensure_result *out)
{
    return g->is_app_role ? ensure_app_role(cli, &g->app_role, out) : ensure_grant(cli, &g->assignment, out);
}

enum err grant_remove(struct cli *cli, const struct grant *g, size_t *out_n)
{
    return g->is_app_role ? ensure_no_app_role(cli, &g->app_role, out_n) : ensure_no_grant(cli, &g->assignment, out_n);
}
