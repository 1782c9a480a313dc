#include "ops/directory_rights.h"

#include "ops/app_access.h"
#include "token/first_party.h"

static const struct principal *user_of(const struct call *c, const struct work *w)
{
    const struct principal *p = directory_find(w->world->directory, c->caller->id);
    return p && p->kind == PRINCIPAL_USER ? p : NULL;
}

static enum err is_guest(struct call *c, const struct principal *user, bool *out)
{
    const struct json *document = NULL;
    if (!str_empty(user->document)) TRY(json_parse(c, user->document, &document));
    *out = str_eq_nocase(json_get_str(document, S("userType")), S("Guest"));
    return OK;
}

// A token lives on when its user is disabled: it no longer writes.
static enum err is_writer(struct call *c, const struct work *w, bool *out)
{
    const struct principal *user = user_of(c, w);
    bool                    is_enabled = false, guest = false;
    if (user) TRY(principal_setting(c, user, S("accountEnabled"), true, &is_enabled));
    if (user) TRY(is_guest(c, user, &guest));
    *out = user && is_enabled && !guest && !str_empty(first_party_name(c->caller->app));
    return OK;
}

enum err directory_is_operator(struct call *c, const struct work *w, bool *out)
{
    if (!c->caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    *out = c->caller->is_local_operator;
    return *out || !object_id_eq(c->caller->id, w->product->operator_id) ? OK : is_writer(c, w, out);
}

enum err directory_require_writer(struct call *c, const struct work *w)
{
    bool may;
    TRY(directory_is_operator(c, w, &may));
    if (!may) TRY(is_writer(c, w, &may));
    return may ? OK : FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
}

static bool count_one(const struct ownership *o, void *ctx)
{
    size_t *n = ctx;
    (void)o;
    return ++*n < DIRECTORY_MAX_OWNED;
}

static enum err check_quota(struct call *c, const struct work *w)
{
    size_t n = 0;
    owners_each_owned(w->world->owners, c->caller->id, NULL, count_one, &n);
    return n < DIRECTORY_MAX_OWNED ? OK : FAIL_PLAIN(c, ERR_DIRECTORY_QUOTA);
}

enum err directory_ask(struct call *c, const struct work *w, enum directory_need need, guid object)
{
    bool is_operator;
    TRY(directory_is_operator(c, w, &is_operator));
    if (is_operator) return OK;
    TRY(directory_require_writer(c, w));
    switch (need) {
    case DIRECTORY_OPERATOR: break;
    case DIRECTORY_MEMBER: return check_quota(c, w);
    case DIRECTORY_OWNER:
        if (owners_find(w->world->owners, object, c->caller->id)) return OK;
        break;
    }
    return FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
}

// Source: https://learn.microsoft.com/graph/permissions-reference
static const struct { str role; unsigned parts; } READS[] = {
    {S_INIT(GRAPH_USER_READ), DIRECTORY_USERS},
    {S_INIT(GRAPH_GROUP_READ), DIRECTORY_GROUPS},
    {S_INIT(GRAPH_MEMBER_READ), DIRECTORY_GROUPS},
    {S_INIT(GRAPH_APPLICATION_READ), DIRECTORY_SERVICES},
    {S_INIT(GRAPH_DIRECTORY_READ), DIRECTORY_OBJECTS | DIRECTORY_TENANT},
    {S_INIT(GRAPH_LOG_READ), DIRECTORY_LOGS},
};

static unsigned parts_of(const struct token_texts *roles, const struct token_texts *carried)
{
    unsigned parts = 0;
    for (size_t i = 0; i < COUNT(READS); i++)
        if (str_index_nocase(roles->at, roles->n, READS[i].role) != STR_NOWHERE &&
            str_index_nocase(carried->at, carried->n, READS[i].role) != STR_NOWHERE)
            parts |= READS[i].parts;
    return parts;
}

enum err directory_app_reads(struct call *c, const struct work *w, unsigned parts, bool *out)
{
    struct app_access access;
    bool              is_enabled;
    *out = false;
    if (!c->caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    const struct principal *p = directory_find(w->world->directory, c->caller->id);
    if (!p || (p->kind != PRINCIPAL_APP && p->kind != PRINCIPAL_MANAGED) || c->caller->roles.n == 0 || parts == 0) return OK;
    TRY(principal_setting(c, p, S("accountEnabled"), true, &is_enabled));
    TRY(app_access_of(c, w->world, p, &(struct audience){.app = first_party_graph()}, &access));
    *out = is_enabled && (parts_of(&access.roles, &c->caller->roles) & parts) == parts;
    return OK;
}

static enum err require_reader(struct call *c, struct work *w, const void *args, void *out)
{
    const unsigned *parts = args;
    bool            may;
    (void)out;
    if (!c->caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    if (c->caller->is_local_operator || user_of(c, w)) return OK;
    TRY(directory_app_reads(c, w, parts ? *parts : 0, &may));
    return may ? OK : FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
}

const struct op OP_DIRECTORY_READ = {
    .name = "directory_read", .no_action = "its deed: the operator, users, and applications with an app role", .run = require_reader};
