#include "cli/manage/ensure.h"

#include "cli/admin_call.h"
#include "cli/find.h"

#define GROUPS_VERSION      "2022-09-01"
#define ASSIGNMENTS_VERSION "2022-04-01"
#define VAULTS_VERSION      "2023-07-01"

static enum err send(struct cli *cli, const char *method, str path, const char *version, str body, const struct json **out)
{
    return admin_json(cli, method, call_format(&cli->call, "%.*s?api-version=%s", PSTR(path), version), body, out);
}

static str location_or_default(str location)
{
    return str_empty(location) ? S(DEFAULT_LOCATION) : location;
}

enum err ensure_group(struct cli *cli, str name, str location, struct ensure_result *out)
{
    struct call       *c = &cli->call;
    struct buf         b;
    struct json_writer j;
    str                subscription, body;
    TRY(find_subscription(cli, &subscription));
    out->id = call_format(c, "%.*s/resourceGroups/%.*s", PSTR(subscription), PSTR(name));
    TRY(admin_find(cli, call_format(c, "%.*s?api-version=" GROUPS_VERSION, PSTR(out->id)), &out->now));
    out->what = out->now ? ENSURE_UNCHANGED : ENSURE_CREATED;
    if (out->now) return OK;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_put_string(&j, S("location"), location_or_default(location));
    json_write_end(&j);
    TRY(buf_finish(c, &b, &body));
    return send(cli, "PUT", out->id, GROUPS_VERSION, body, &out->now);
}

// What a resource shall carry: its own identity, and the ARM ids of others.
struct wanted {
    bool   has_system;
    str   *ids;
    size_t n;
};

static enum err read_wanted(struct cli *cli, const str *identities, size_t n, struct wanted *out)
{
    *out = (struct wanted){0};
    TRY(NEW(&cli->call, &out->ids, n));
    for (size_t i = 0; i < n; i++) {
        if (str_eq(identities[i], S(IDENTITY_IS_SYSTEM))) out->has_system = true;
        else TRY(find_resource(cli, identities[i], &out->ids[out->n++]));
    }
    return OK;
}

static void write_identity(struct json_writer *j, bool has_system, const str *ids, size_t n, bool has_others, bool detaches)
{
    bool has_user = has_others || (n > 0 && !detaches);
    json_write_key(j, S("identity"));
    json_write_object(j);
    json_put_string(j, S("type"),
                    has_system && has_user ? S("SystemAssigned, UserAssigned")
                    : has_system           ? S("SystemAssigned")
                    : has_user             ? S("UserAssigned")
                                           : S("None"));
    if (has_user && n > 0) {
        json_write_key(j, S("userAssignedIdentities"));
        json_write_object(j);
        for (size_t i = 0; i < n; i++) {
            json_write_key(j, ids[i]);
            if (detaches) json_write_null(j);
            else json_write_raw(j, S("{}"));
        }
        json_write_end(j);
    }
    json_write_end(j);
}

static enum err new_body(struct cli *cli, const struct ensure_resource *wish, const struct wanted *wanted, str *out)
{
    struct call       *c = &cli->call;
    const struct kind *kind = wish->kind;
    const struct json *facts, *fixed;
    struct buf         b;
    struct json_writer j;
    TRY(find_facts(cli, &facts));
    TRY(json_parse(c, call_format(c, "{%s}", kind->members ? kind->members : ""), &fixed));
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_put_string(&j, S("location"), location_or_default(wish->location));
    for (size_t i = 0; i < json_n(fixed); i++) json_put_value(&j, fixed->u.list.names[i], json_at(fixed, i));
    if (wanted->has_system || wanted->n) write_identity(&j, wanted->has_system, wanted->ids, wanted->n, false, false);
    TRY(json_parse(c, call_format(c, "{%s}", kind->properties ? kind->properties : ""), &fixed));
    json_write_key(&j, S("properties"));
    json_write_object(&j);
    if (kind->names_tenant) json_put_string(&j, S("tenantId"), json_get_str(facts, S("tenant")));
    for (size_t i = 0; i < json_n(fixed); i++) json_put_value(&j, fixed->u.list.names[i], json_at(fixed, i));
    json_write_end(&j);
    json_write_end(&j);
    return buf_finish(c, &b, out);
}

enum err ensure_resource(struct cli *cli, const struct ensure_resource *wish, struct ensure_result *out)
{
    struct call  *c = &cli->call;
    struct wanted wanted;
    str           body;
    if (wish->identity_n && !wish->kind->takes_identity) return FAIL(c, ERR_USAGE, "%s cannot have an identity.", wish->kind->help);
    TRY(kind_id(c, wish->kind, wish->group, wish->name, &out->id));
    TRY(find_look(cli, out->id, &out->now));
    if (out->now) return ensure_identities(cli, out->id, wish->identities, wish->identity_n, false, out);
    TRY(read_wanted(cli, wish->identities, wish->identity_n, &wanted));
    TRY(new_body(cli, wish, &wanted, &body));
    out->what = ENSURE_CREATED;
    return send(cli, "PUT", out->id, wish->kind->version, body, &out->now);
}

static bool carries(const struct json *attached, str id)
{
    for (size_t i = 0; i < json_n(attached); i++)
        if (str_eq_nocase(attached->u.list.names[i], id)) return true;
    return false;
}

enum err ensure_identities(struct cli *cli, str id, const str *identities, size_t n, bool detach, struct ensure_result *out)
{
    struct call       *c = &cli->call;
    struct buf         b;
    struct json_writer j;
    struct wanted      wanted;
    str                body;
    TRY(read_wanted(cli, identities, n, &wanted));
    TRY(find_look(cli, id, &out->now));
    if (!out->now) return FAIL(c, ERR_NOT_FOUND, "There is no resource %.*s.", PSTR(id));
    const struct json *identity = json_get(out->now, S("identity")), *attached = json_get(identity, S("userAssignedIdentities"));
    bool               had_system = !str_empty(json_get_str(identity, S("principalId"))),
         has_system = detach ? had_system && !wanted.has_system : had_system || wanted.has_system;
    size_t changed = 0;
    for (size_t i = 0; i < wanted.n; i++)
        if (carries(attached, wanted.ids[i]) == detach) wanted.ids[changed++] = wanted.ids[i];
    out->id = id;
    out->what = ENSURE_UNCHANGED;
    if (changed == 0 && has_system == had_system) return OK;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    write_identity(&j, has_system, wanted.ids, changed, json_n(attached) > (detach ? changed : 0), detach);
    json_write_end(&j);
    TRY(buf_finish(c, &b, &body));
    out->what = ENSURE_CHANGED;
    return send(cli, "PATCH", id, kind_version_of(id), body, &out->now);
}

// The assignments of a principal at exactly one scope that give one role.
struct grant_search {
    struct cli                *cli;
    const struct ensure_grant *wish;
    const struct json         *found;
    bool                       removes;
    size_t                     n;
    enum err                   failed;
};

// Two ids of one role: a built-in one is named with and without a subscription in front.
static bool same_role(str a, str b)
{
    return str_eq_nocase(str_from(a, str_find_last(a, '/') + 1), str_from(b, str_find_last(b, '/') + 1));
}

static bool see_grant(const struct json *item, void *ctx)
{
    struct grant_search *s = ctx;
    const struct json   *p = json_get(item, S("properties"));
    if (!same_role(json_get_str(p, S("roleDefinitionId")), s->wish->role) || !str_eq_nocase(json_get_str(p, S("scope")), s->wish->scope) ||
        !str_eq_nocase(json_get_str(p, S("principalId")), s->wish->principal))
        return true;
    s->found = item;
    s->n++;
    return true;
}

static str below(str scope, const char *rest, struct call *c)
{
    return call_format(c, "%.*s%s", PSTR(str_eq(scope, S("/")) ? S("") : scope), rest);
}

static enum err search_grants(struct cli *cli, const struct ensure_grant *wish, struct grant_search *out)
{
    struct call *c = &cli->call;
    str          list = below(wish->scope, "/providers/Microsoft.Authorization/roleAssignments", c);
    *out = (struct grant_search){.cli = cli, .wish = wish};
    return admin_each(
        cli, call_format(c, "%.*s?api-version=" ASSIGNMENTS_VERSION "&$filter=principalId%%20eq%%20'%.*s'", PSTR(list), PSTR(wish->principal)),
        see_grant, out);
}

enum err ensure_grant(struct cli *cli, const struct ensure_grant *wish, struct ensure_result *out)
{
    struct call        *c = &cli->call;
    struct grant_search s;
    struct buf          b;
    struct json_writer  j;
    str                 body;
    TRY(search_grants(cli, wish, &s));
    out->now = s.found;
    out->what = ENSURE_UNCHANGED;
    out->id = json_get_str(s.found, S("id"));
    str condition = json_str(json_path(s.found, "properties.condition"));
    if (s.found && str_eq(condition, wish->condition)) return OK;
    if (s.found) return FAIL(c, ERR_CONFLICT, "The role is granted there already with another condition: revoke it first (%.*s).", PSTR(out->id));
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_write_key(&j, S("properties"));
    json_write_object(&j);
    json_put_string(&j, S("principalId"), wish->principal);
    json_put_string(&j, S("roleDefinitionId"), wish->role);
    if (!str_empty(wish->condition)) {
        json_put_string(&j, S("condition"), wish->condition);
        json_put_string(&j, S("conditionVersion"), S("2.0"));
    }
    json_write_end(&j);
    json_write_end(&j);
    TRY(buf_finish(c, &b, &body));
    out->what = ENSURE_CREATED;
    out->id = call_format(c, "%.*s/%s", PSTR(below(wish->scope, "/providers/Microsoft.Authorization/roleAssignments", c)), guid_text(guid_new(c)).s);
    return send(cli, "PUT", out->id, ASSIGNMENTS_VERSION, body, &out->now);
}

enum err ensure_no_grant(struct cli *cli, const struct ensure_grant *wish, size_t *out_n)
{
    struct grant_search s;
    for (*out_n = 0;; ++*out_n) {
        const struct json *gone;
        TRY(search_grants(cli, wish, &s));
        if (!s.found) return OK;
        TRY(send(cli, "DELETE", json_get_str(s.found, S("id")), ASSIGNMENTS_VERSION, STR_NONE, &gone));
    }
}

enum err ensure_secret(struct cli *cli, str vault, str name, const struct secret *value, struct ensure_result *out)
{
    struct call       *c = &cli->call;
    struct buf         b;
    struct json_writer j;
    str                body;
    out->id = call_format(c, "%.*s/secrets/%.*s", PSTR(vault), PSTR(name));
    TRY(admin_find(cli, call_format(c, "%.*s?api-version=" VAULTS_VERSION, PSTR(out->id)), &out->now));
    out->what = out->now ? ENSURE_UNCHANGED : ENSURE_CREATED;
    if (out->now) return OK;
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    json_write_object(&j);
    json_write_key(&j, S("properties"));
    json_write_object(&j);
    json_put_string(&j, S("value"), bytes_str(secret_reveal(value)));
    json_write_end(&j);
    json_write_end(&j);
    enum err failed = buf_finish(c, &b, &body);
    if (failed == OK) failed = send(cli, "PUT", out->id, VAULTS_VERSION, body, &out->now);
    secret_wipe(b.at, b.n);
    return failed;
}
