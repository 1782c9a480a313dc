// What a request says of a secret, an answer shows so that it is read the same again; its value leaves no copy behind.
#include "endpoints/keyvault/secret_body.h"
#include "fuzz.h"

static struct vault_item secret_of(const struct vault_item_wish *wish)
{
    return (struct vault_item){
        .name = S("n"),
        .is_enabled = wish->is_enabled,
        .has_not_before = wish->gives_not_before,
        .has_expires = wish->gives_expires,
        .has_details = wish->gives_details,
        .has_tags = wish->gives_tags,
        .not_before_s = wish->not_before_s,
        .expires_s = wish->expires_s,
        .details = wish->details,
        .tags = wish->tags,
        .tag_n = wish->tag_n,
    };
}

static void check_same(const struct vault_item_wish *a, const struct vault_item_wish *b)
{
    ASSERT(a->gives_not_before == b->gives_not_before && a->not_before_s == b->not_before_s);
    ASSERT(a->gives_expires == b->gives_expires && a->expires_s == b->expires_s);
    ASSERT(a->gives_details == b->gives_details && str_eq(a->details, b->details));
    ASSERT(a->is_enabled == b->is_enabled);
    ASSERT(a->gives_tags == b->gives_tags && a->tag_n == b->tag_n);
    for (size_t i = 0; i < a->tag_n; i++) ASSERT(str_eq(a->tags[i].name, b->tags[i].name) && str_eq(a->tags[i].value, b->tags[i].value));
}

static const struct json *shown(struct call *c, const struct vault_item *s, const struct secret *value)
{
    static const struct vault VAULT = {.url = S_INIT("https://v.vault.azure.net"), .retention_days = VAULT_RETENTION_DAYS};
    const struct json        *tree;
    struct json_writer        w;
    struct buf                b;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    secret_body_write(c, &w, &VAULT, s, value, true);
    ASSERT(!b.failed && json_parse(c, buf_view(&b), &tree) == OK);
    return tree;
}

static bool is_wiped(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.at[i]) return false;
    return true;
}

static void check_value(struct call *c, const struct json *body, const struct vault_item *s)
{
    CLEANUP(secret_clear) struct secret value = {0};
    enum err                            taken = secret_body_take_value(c, body, &value);
    ASSERT((taken == OK) == json_is(json_get(body, S("value")), JSON_IS_STRING));
    call_forgive(c);
    if (taken != OK) return;
    ASSERT(is_wiped(json_get_str(body, S("value"))));
    ASSERT(secret_equal(&value, str_bytes(json_get_str(shown(c, s, &value), S("value")))));
}

FUZZ(keyvault_body)
{
    const struct json     *body;
    struct vault_item_wish wish, again;
    if (json_parse(c, fuzz_str(c, data, n), &body) != OK || secret_body_read_wish(c, body, &wish) != OK) return 0;
    ASSERT(wish.tag_n <= VAULT_ITEM_MAX_TAGS);
    struct vault_item s = secret_of(&wish);
    ASSERT(secret_body_read_wish(c, shown(c, &s, NULL), &again) == OK);
    check_same(&wish, &again);
    check_value(c, body, &s);
    return 0;
}
