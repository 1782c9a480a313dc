#include "cli/find_application.h"

#include "cli/admin_call.h"
#include "cli/find.h"

static bool is_uri(str name)
{
    return str_find_str(name, S("://")) != STR_NOWHERE;
}

bool application_is_meant(str name)
{
    guid ignored;
    return is_uri(name) || guid_parse(name, &ignored);
}

struct matches {
    struct candidates  ids;
    const struct json *first;
};

static bool see_application(const struct json *item, void *ctx)
{
    struct matches *m = ctx;
    if (!m->first) m->first = item;
    return candidates_see(item, &m->ids);
}

// `before` and `after` enclose the name in the filter, blanks escaped.
static enum err see_filtered(struct cli *cli, const char *set, const char *before, str name, const char *after, struct matches *m)
{
    struct buf path;
    buf_init(&path, &cli->call.arena);
    buf_addf(&path, "/v1.0/%s?$filter=%s'", set, before);
    admin_escape(&path, name);
    buf_addf(&path, "'%s", after);
    return admin_each(cli, buf_view(&path), see_application, m);
}

enum err application_find(struct cli *cli, str name, const struct json **out)
{
    struct call   *c = &cli->call;
    struct matches m = {0};
    guid           ignored;
    str            id;
    if (str_empty(name) || str_find(name, '\'') != STR_NOWHERE)
        return FAIL(c, ERR_USAGE, "\"%.*s\" is not a valid name: a name is not empty and has no quote.", PSTR(name));
    candidates_init(&m.ids, c, name);
    if (is_uri(name)) TRY(see_filtered(cli, "applications", "identifierUris/any(u:u%20eq%20", name, ")", &m));
    else if (guid_parse(name, &ignored)) TRY(see_filtered(cli, "applications", "appId%20eq%20", name, "", &m));
    else TRY(see_filtered(cli, "applications", "displayName%20eq%20", name, "", &m));
    if (!m.first && guid_parse(name, &ignored)) return admin_find(cli, call_format(c, "/v1.0/applications/%.*s", PSTR(name)), out);
    if (m.ids.n > 1) return candidates_one(&m.ids, "application", &id); // says which
    *out = m.first;
    return OK;
}

enum err application_get(struct cli *cli, str name, const struct json **out)
{
    TRY(application_find(cli, name, out));
    return *out ? OK : FAIL(&cli->call, ERR_NOT_FOUND, "There is no application \"%.*s\" here: `lanyard list applications` shows all.", PSTR(name));
}

enum err application_service(struct cli *cli, const struct json *application, const struct json **out)
{
    str app = json_get_str(application, S("appId"));
    return admin_find(cli, call_format(&cli->call, "/v1.0/servicePrincipals(appId='%.*s')", PSTR(app)), out);
}

enum err application_cloud_service(struct cli *cli, str name, const struct json **out)
{
    struct matches m = {0};
    candidates_init(&m.ids, &cli->call, name);
    TRY(see_filtered(cli, "servicePrincipals", "servicePrincipalNames/any(n:n%20eq%20", name, ")", &m));
    *out = m.first;
    return OK;
}
