#include "cli/manage/grants.h"

#include "cli/find.h"
#include "cli/find_application.h"
#include "cli/who.h"

// A role is looked for at a scope. An application that is named as one, by its name alone, may be another's: it has an id for that.
static enum err refuse_name_of_application(struct cli *cli, str on)
{
    const struct json *application = NULL;
    if (!str_starts(on, S("/"))) TRY(application_find(cli, on, &application));
    if (!application) return OK;
    return FAIL(&cli->call, ERR_NOT_FOUND, "\"%.*s\" is an application: give its App ID URI or its client id %.*s to grant an app role.", PSTR(on),
                PSTR(json_get_str(application, S("appId"))));
}

static enum err find_scope_role(struct cli *cli, str role, str on, str *out_id, str *out_name)
{
    struct call *c = &cli->call;
    if (find_role(cli, role, out_id, out_name) == OK) return OK;
    if (c->failure.kind != ERR_NOT_FOUND) return c->failure.kind;
    call_forgive(c);
    TRY(refuse_name_of_application(cli, on));
    return find_role(cli, role, out_id, out_name); // for its message
}

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
        TRY(find_scope_role(cli, role, on, &out->assignment.role, &name));
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
