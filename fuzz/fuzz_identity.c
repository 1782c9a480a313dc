// What an identity block asks for can be had: applied, written and read again it asks for the same.
#include "fuzz.h"
#include "resources/identity.h"

static bool knows_all(str id, object_id *out_principal, client_id *out_app, void *ctx)
{
    (void)ctx;
    *out_principal = (object_id){{{(uint8_t)id.n}}};
    *out_app = (client_id){{{1}}};
    return id.n % 2;
}

static bool is_in(str id, const str *ids, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(ids[i], id)) return true;
    return false;
}

// The block that a resource with this identity shows, as a tree.
static const struct json *write_and_read(struct call *c, const struct resource_identity *identity)
{
    struct buf         b;
    struct json_writer w;
    const struct json *document;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    identity_write(&w, IDENTITY_COMPACT_ALWAYS, (tenant_id){{{2}}}, identity, knows_all, NULL);
    json_write_end(&w);
    ASSERT(json_parse(c, buf_view(&b), &document) == OK);
    return json_get(document, S("identity"));
}

static void check_wish(const struct identity_wish *wish)
{
    ASSERT(wish->wants_user || wish->attach_n == 0);
    ASSERT(wish->attach_n + wish->detach_n <= IDENTITY_MAX_USER_ASSIGNED);
    for (size_t i = 0; i < wish->attach_n; i++) {
        ASSERT(!is_in(wish->attach[i], wish->attach + i + 1, wish->attach_n - i - 1));
        ASSERT(!is_in(wish->attach[i], wish->detach, wish->detach_n));
    }
}

FUZZ(identity)
{
    const struct json       *block;
    struct identity_wish     wish, again;
    struct resource_identity made = {0};
    const str               *fresh;
    size_t                   fresh_n;
    if (json_parse(c, fuzz_str(c, data, n), &block) != OK || identity_wish_read(c, block, &wish) != OK) return 0;
    check_wish(&wish);
    if (identity_apply(c, IDENTITY_PUT, NULL, &wish, &made.user_assigned, &made.user_assigned_n, &fresh, &fresh_n) != OK) {
        ASSERT(wish.wants_user && wish.attach_n == 0);
        return 0;
    }
    ASSERT(fresh_n == made.user_assigned_n && made.user_assigned_n == wish.attach_n); // nothing was attached before
    made.has_system = wish.wants_system;
    ASSERT(identity_wish_read(c, write_and_read(c, &made), &again) == OK);
    ASSERT(again.wants_system == wish.wants_system && again.wants_user == wish.wants_user && again.attach_n == wish.attach_n && again.detach_n == 0);
    for (size_t i = 0; i < wish.attach_n; i++) ASSERT(str_eq(again.attach[i], wish.attach[i]));
    // The same wish as a change of what it made: nothing is new.
    enum err patched = identity_apply(c, IDENTITY_PATCH, &made, &wish, &made.user_assigned, &made.user_assigned_n, &fresh, &fresh_n);
    ASSERT(patched == OK && fresh_n == 0 && made.user_assigned_n == wish.attach_n);
    return 0;
}
