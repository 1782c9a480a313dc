#include "cli/who.h"

#include "cli/admin_call.h"

#define RESOURCE_VERSION "2021-04-01"

static str principal_of(const struct json *resource)
{
    str own = json_str(json_path(resource, "properties.principalId")); // an identity
    return str_empty(own) ? json_str(json_path(resource, "identity.principalId")) : own;
}

static enum err principal_of_resource(struct cli *cli, str id, str *out)
{
    struct call       *c = &cli->call;
    const struct json *resource;
    TRY(admin_json(cli, "GET", call_format(c, "%.*s?api-version=" RESOURCE_VERSION, PSTR(id)), STR_NONE, &resource));
    *out = principal_of(resource);
    if (str_empty(*out)) return FAIL(c, ERR_NOT_FOUND, "%.*s has no system-assigned identity: name the identity that it uses.", PSTR(id));
    return OK;
}

static enum err only_candidate(struct call *c, str name, const struct json *found, str *out_id)
{
    struct buf b;
    buf_init(&b, &c->arena);
    if (json_n(found) == 0) return FAIL(c, ERR_NOT_FOUND, "Nothing here is called \"%.*s\".", PSTR(name));
    *out_id = json_get_str(json_at(found, 0), S("id"));
    if (json_n(found) == 1) return OK;
    for (size_t i = 0; i < json_n(found); i++) buf_addf(&b, "%s%.*s", i ? ", " : "", PSTR(json_get_str(json_at(found, i), S("id"))));
    return FAIL(c, ERR_CONFLICT, "More than one resource is called \"%.*s\"; give the id of one: %.*s", PSTR(name), PSTR(buf_view(&b)));
}

static bool is_name_letter(char letter)
{
    char c = char_lower(letter);
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || str_find(S("-_.()"), c) != STR_NOWHERE;
}

static bool is_plain_name(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_name_letter(s.at[i])) return false;
    return s.n > 0;
}

static enum err resource_by_name(struct cli *cli, str subscription, str name, str *out_id)
{
    struct call       *c = &cli->call;
    const struct json *found;
    if (!is_plain_name(name)) return FAIL(c, ERR_USAGE, "\"%.*s\" is neither an object id, nor an ARM id, nor a name.", PSTR(name));
    str path = call_format(c, "/subscriptions/%.*s/resources?$filter=name%%20eq%%20'%.*s'&api-version=" RESOURCE_VERSION,
                           PSTR(subscription), PSTR(name));
    TRY(admin_json(cli, "GET", path, STR_NONE, &found));
    return only_candidate(c, name, json_get(found, S("value")), out_id);
}

enum err who_find(struct cli *cli, str who, str *out)
{
    const struct json *facts;
    guid               ignored;
    str                id = who;
    *out = who;
    if (guid_parse(who, &ignored)) return OK;
    if (!str_starts(who, S("/"))) {
        TRY(admin_json(cli, "GET", S("/lanyard/status"), STR_NONE, &facts));
        *out = json_get_str(facts, S("operator"));
        if (str_eq(who, S("me"))) return OK;
        TRY(resource_by_name(cli, json_get_str(facts, S("subscription")), who, &id));
    }
    return principal_of_resource(cli, id, out);
}
