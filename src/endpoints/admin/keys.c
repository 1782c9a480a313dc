// The keys that sign tokens: what the operator sees of them, and their rotation.
#include "ops/signing_keys.h"

#include "endpoints/admin/operator.h"

static const str STATES[] = {[KEY_NEXT] = S_INIT("next"), [KEY_CURRENT] = S_INIT("current"), [KEY_RETIRED] = S_INIT("retired")};

static void put_time(struct json_writer *j, str name, int64_t at_s)
{
    json_put_string(j, name, str_of(time_iso(at_s * NS_PER_S).s));
}

// When its state ends: the rotation moves the current key and the next one, a retired key is then no longer published.
static void write_key(struct json_writer *j, const struct product *p, const struct keyring *ring, const struct signing_key *key)
{
    json_write_object(j);
    json_put_string(j, S("kid"), key->kid);
    json_put_string(j, S("state"), STATES[key->state]);
    json_put_string(j, S("algorithm"), S("RS256"));
    put_time(j, S("since"), key->since_s);
    put_time(j, S("until"), key->state == KEY_RETIRED ? signing_keys_ends_s(p, key) : signing_keys_rotates_s(ring));
    json_write_end(j);
}

enum err operator_keys_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    CLEANUP(keyring_dropp) struct keyring *ring = product_keyring_take(w->product);
    struct json_writer                    *j = answer_json(a, 200);
    (void)c, (void)q;
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    for (size_t i = 0; i < keyring_n(ring); i++) write_key(j, w->product, ring, keyring_at(ring, i));
    json_write_end(j);
    json_write_end(j);
    return OK;
}

enum err operator_keys_rotate(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct signing_keys_rotation done;
    const struct json           *body = NULL;
    if (wire_has_body(q)) TRY(wire_body(c, q, &body));
    bool in_haste = json_get_bool(body, S("now"), false);
    TRY(wire_run(c, w, q, &in_haste, &done));
    struct json_writer *j = answer_json(a, done.is_done ? 200 : 202);
    json_write_object(j);
    json_put_bool(j, S("rotated"), done.is_done);
    put_time(j, S("at"), done.at_s);
    json_write_end(j);
    return OK;
}
