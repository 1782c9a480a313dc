#include "cli/who.h"

#include "cli/admin_call.h"
#include "cli/find.h"
#include "cli/find_application.h"

static enum err principal_of_resource(struct cli *cli, str id, str *out)
{
    const struct json *resource;
    TRY(find_look(cli, id, &resource));
    if (!resource) return FAIL(&cli->call, ERR_NOT_FOUND, "There is no resource %.*s.", PSTR(id));
    *out = json_str(json_path(resource, "properties.principalId")); // an identity
    if (str_empty(*out)) *out = json_str(json_path(resource, "identity.principalId"));
    if (!str_empty(*out)) return OK;
    return FAIL(&cli->call, ERR_NOT_FOUND, "%.*s has no system-assigned identity: give the name of the identity that it uses.", PSTR(id));
}

static enum err principal_of_application(struct cli *cli, str name, str *out)
{
    const struct json *application, *service;
    TRY(application_get(cli, name, &application));
    TRY(application_service(cli, application, &service));
    *out = json_get_str(service, S("id"));
    return service ? OK : FAIL(&cli->call, ERR_NOT_FOUND, "The application %.*s has no service principal.", PSTR(name));
}

static enum err see_collection(struct cli *cli, const char *collection, const char *property, str value, struct candidates *x)
{
    struct call *c = &cli->call;
    struct buf   path;
    buf_init(&path, &c->arena);
    buf_addf(&path, "/v1.0/%s?$filter=%s%%20eq%%20'", collection, property);
    admin_escape(&path, value);
    buf_add_char(&path, '\'');
    return admin_each(cli, buf_view(&path), candidates_see, x);
}

// Users by their user principal name, security groups and applications by their display name.
static enum err see_people(struct cli *cli, str name, struct candidates *x)
{
    str user;
    TRY(find_user_name(cli, name, &user));
    TRY(see_collection(cli, "users", "userPrincipalName", user, x));
    TRY(see_collection(cli, "groups", "displayName", name, x));
    return see_collection(cli, "servicePrincipals", "servicePrincipalType%20eq%20'Application'%20and%20displayName", name, x);
}

enum err who_find(struct cli *cli, str who, str *out)
{
    struct call       *c = &cli->call;
    const struct json *facts;
    struct candidates  x;
    guid               ignored;
    str                found;
    *out = who;
    if (guid_parse(who, &ignored)) return OK;
    if (str_starts(who, S("/"))) return principal_of_resource(cli, who, out);
    if (str_eq(who, S("me"))) {
        TRY(find_facts(cli, &facts));
        *out = json_get_str(facts, S("operator"));
        return OK;
    }
    if (application_is_meant(who)) return principal_of_application(cli, who, out);
    candidates_init(&x, c, who);
    TRY(find_check_name(c, who));
    if (str_find(who, '/') != STR_NOWHERE) { // a part of a resource: a slot
        TRY(find_resource(cli, who, &found));
        return principal_of_resource(cli, found, out);
    }
    TRY(find_resources_named(cli, &x));
    TRY(see_people(cli, who, &x));
    TRY(candidates_one(&x, "resource, user, group or application", &found));
    if (str_starts(found, S("/"))) return principal_of_resource(cli, found, out);
    *out = found;
    return OK;
}
