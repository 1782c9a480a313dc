#include "cli/verify/policies.h"

#include "cli/admin_call.h"
#include "cli/find.h"
#include "cli/manage/kinds.h"
#include "core/json.h"

#define VAULTS     "Microsoft.KeyVault/vaults"
#define MOST_NAMES 1024 // of groups that a principal is in

struct search {
    struct cli *cli;
    str        *names; // the principal and its groups
    size_t      name_n;
    bool (*see)(const struct policy_grant *g, void *ctx);
    void    *ctx;
    enum err failed;
};

static bool add_group(const struct json *item, void *ctx)
{
    struct search *s = ctx;
    if (s->name_n < MOST_NAMES) s->names[s->name_n++] = json_get_str(item, S("id"));
    return s->name_n < MOST_NAMES;
}

static enum err look_at(struct search *s, str id, bool *out_more)
{
    const struct json *vault;
    *out_more = true;
    TRY(find_look(s->cli, id, &vault));
    const struct json *properties = json_get(vault, S("properties")), *policies = json_get(properties, S("accessPolicies"));
    if (json_get_bool(properties, S("enableRbacAuthorization"), false)) return OK;
    for (size_t i = 0; i < json_n(policies) && *out_more; i++) {
        const struct json  *one = json_at(policies, i);
        struct policy_grant g = {id, json_get(one, S("permissions"))};
        if (str_index_nocase(s->names, s->name_n, json_get_str(one, S("objectId"))) != STR_NOWHERE) *out_more = s->see(&g, s->ctx);
    }
    return OK;
}

static bool see_vault(const struct json *item, void *ctx)
{
    struct search *s = ctx;
    bool           more = true;
    if (str_eq_nocase(json_get_str(item, S("type")), S(VAULTS))) s->failed = look_at(s, json_get_str(item, S("id")), &more);
    return s->failed == OK && more;
}

enum err policies_each(struct cli *cli, str principal, bool (*see)(const struct policy_grant *g, void *ctx), void *ctx)
{
    struct call  *c = &cli->call;
    struct search s = {.cli = cli, .see = see, .ctx = ctx};
    str           subscription;
    TRY(NEW(c, &s.names, MOST_NAMES));
    s.names[s.name_n++] = principal;
    TRY(admin_each(cli, call_format(c, "/v1.0/servicePrincipals/%.*s/transitiveMemberOf", PSTR(principal)), add_group, &s));
    TRY(find_subscription(cli, &subscription));
    TRY(admin_each(cli,
                   call_format(c, "%.*s/resources?api-version=" RESOURCE_VERSION "&$filter=resourceType%%20eq%%20'" VAULTS "'", PSTR(subscription)),
                   see_vault, &s));
    return s.failed;
}

bool policy_gives(const struct policy_grant *g, str permission)
{
    const struct json *given = json_get_nocase(g->permissions, S("secrets"));
    for (size_t i = 0; i < json_n(given); i++)
        if (str_eq_nocase(json_str(json_at(given, i)), permission) || str_eq_nocase(json_str(json_at(given, i)), S("all"))) return true;
    return false;
}
