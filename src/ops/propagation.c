#include "ops/propagation.h"

const struct propagation PROPAGATION_CLOUD = {.name = "cloud",
                                              .groups_from_token = true,
#define X(member, name, cloud_s) .member = cloud_s,
                                              PROPAGATION_TABLE(X)
#undef X
};

static const struct row { const char *name; size_t at; } ROWS[] = {
#define X(member, name, cloud_s) {name, offsetof(struct propagation, member)},
    PROPAGATION_TABLE(X)
#undef X
};

static enum err unknown(struct call *c, str name)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < COUNT(ROWS); i++) buf_addf(&b, "%s, ", ROWS[i].name);
    return FAIL(c, ERR_PARAMETER_INVALID, "There is no figure of propagation called \"%.*s\"; there are: %.*s" PROPAGATION_GROUPS_FROM_TOKEN ".",
                PSTR(call_printable(c, name, 64)), PSTR(buf_view(&b)));
}

static enum err read_figure(struct call *c, str name, const struct json *value, struct propagation *own)
{
    size_t i = 0;
    while (i < COUNT(ROWS) && !str_eq(name, str_of(ROWS[i].name))) i++;
    if (i == COUNT(ROWS)) return unknown(c, name);
    if (!json_is(value, JSON_IS_INT) || value->u.integer < 0 || value->u.integer > PROPAGATION_MAX_S)
        return FAIL(c, ERR_PARAMETER_INVALID, "%s must be a whole number of seconds from 0 to %lld.", ROWS[i].name, (long long)PROPAGATION_MAX_S);
    *(int64_t *)((char *)own + ROWS[i].at) = value->u.integer;
    return OK;
}

enum err propagation_read(struct call *c, str text, struct propagation *out)
{
    struct propagation own = {.name = "own"};
    const struct json *read;
    TRY(json_parse(c, text, &read));
    if (!json_is(read, JSON_IS_OBJECT)) return FAIL(c, ERR_PARAMETER_INVALID, "Figures of propagation are a JSON object of names and seconds.");
    for (size_t i = 0; i < json_n(read); i++) {
        str                name = read->u.list.names[i];
        const struct json *value = json_at(read, i);
        if (!str_eq(name, S(PROPAGATION_GROUPS_FROM_TOKEN))) TRY(read_figure(c, name, value, &own));
        else if (json_is(value, JSON_IS_BOOL)) own.groups_from_token = value->u.boolean;
        else return FAIL(c, ERR_PARAMETER_INVALID, PROPAGATION_GROUPS_FROM_TOKEN " must be true or false.");
    }
    *out = own;
    return OK;
}

static bool has_data_actions(const struct role *role)
{
    for (size_t i = 0; role && i < role->permission_n; i++)
        if (role->permissions[i].data_action_n) return true;
    return false;
}

// The root is above all management groups: what is slow at one of them is no faster there.
static bool is_slow(const struct role *role, const struct scope *at)
{
    return (at->kind == SCOPE_MGMT_GROUP || at->kind == SCOPE_ROOT) && has_data_actions(role);
}

int64_t propagation_of_assignment_ns(const struct propagation *p, const struct role *role, const struct scope *at)
{
    return (is_slow(role, at) ? p->management_group_assignment_s : p->role_assignment_s) * NS_PER_S;
}

int64_t propagation_of_removal_ns(const struct propagation *p, const struct role *role, const struct scope *at)
{
    return (is_slow(role, at) ? p->management_group_removal_s : p->role_removal_s) * NS_PER_S;
}
