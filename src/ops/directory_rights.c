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

static enum err require_reader(struct call *c, struct work *w, const void *args, void *out)
{
    (void)args, (void)out;
    if (!c->caller) return FAIL_PLAIN(c, ERR_CALLER_UNKNOWN);
    return c->caller->is_local_operator || user_of(c, w) ? OK : FAIL_PLAIN(c, ERR_NOT_AUTHORIZED);
}

const struct op OP_DIRECTORY_READ = {.name = "directory_read", .no_action = "its deed: the operator and users", .run = require_reader};
