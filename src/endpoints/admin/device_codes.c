// Sign-ins by device code that the operator ends in place of a user.
#include "endpoints/admin/operator.h"
#include "ops/device_sign_in.h"

static enum err answer_program(struct call *c, const struct work *w, struct answer *a, const struct device_wish *wish)
{
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_put_string(j, S("program"), device_program_name(c, w->world, wish->client));
    json_put_guid(j, S("clientId"), wish->client.g);
    json_put_guid(j, S("tenant"), w->product->tenant.g);
    json_put_string(j, S("scopes"), wish->scopes);
    json_write_end(j);
    return OK;
}

enum err operator_device_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct device_wish waiting = {0};
    TRY(device_sign_in_look(c, w, wire_param(q, "code"), &waiting));
    return answer_program(c, w, a, &waiting);
}

enum err operator_device_end(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    const struct json    *body;
    struct device_sign_in wish = {.user_code = wire_param(q, "code")};
    struct device_wish    ended = {0};
    TRY(wire_body(c, q, &body));
    str                user = json_get_str(body, S("user"));
    const struct json *approve = json_get(body, S("approve"));
    if (!guid_parse(user, &wish.user.g))
        return FAIL(c, ERR_GUID_INVALID, "'%.*s' is not the object id of a user.", PSTR(call_printable(c, user, 128)));
    if (!json_is(approve, JSON_IS_BOOL)) return FAIL(c, ERR_CONTENT_INVALID, "\"approve\" must be true or false.");
    wish.approved = approve->u.boolean;
    TRY(wire_run(c, w, q, &wish, &ended));
    return answer_program(c, w, a, &ended);
}
