#include "ops/denials.h"

#include <sched.h>

#include "ops/committer.h"
#include "test_product.h"

#define MANY (DENIALS_KEPT + 1200) // one in 64 clears: that none of so many does is out of the question

static guid refuse(struct test *t, struct work *w, enum err kind)
{
    t->call->failure.kind = kind;
    guid id = denials_keep(t->call, w);
    call_forgive(t->call);
    return id;
}

// Only so many may wait: the writer is given time.
static guid refuse_patiently(struct test *t, struct work *w)
{
    for (;;) {
        guid id = refuse(t, w, ERR_NOT_AUTHORIZED);
        if (!guid_is_none(id)) return id;
        sched_yield();
    }
}

TEST(O4_the_latest_refusals_are_kept_and_no_others)
{
    CLEANUP(test_product_close) struct test_product s;
    struct work                                     w;
    struct store_session                           *reading;
    struct denial                                  *list, found;
    guid                                            first = GUID_NONE, last = GUID_NONE;
    size_t                                          n = 0;
    test_product_open(&s, t);
    test_product_hand_over(&s);
    CHECK_OK(work_begin(t->call, &s.product, 0, &w));
    w.refusal = (struct refusal){.action = S("Microsoft.KeyVault/vaults/read"), .scope = S(TEST_PRODUCT_GROUP)};
    CHECK_ROW(guid_is_none(refuse(t, &w, ERR_NOT_AUTHORIZED)), "without a writer none is kept");
    CHECK_OK(committer_start(t->call, &s.product, &s.product.committer));
    static const enum err OTHERS[] = {OK, ERR_NOT_FOUND, ERR_TOKEN_MISSING, ERR_CONFLICT, ERR_INTERNAL};
    for (size_t i = 0; i < COUNT(OTHERS); i++) CHECK_ROW(guid_is_none(refuse(t, &w, OTHERS[i])), err_name(OTHERS[i]));
    work_end(&w); // the writer waits for readers of old copies
    for (size_t i = 0; i < MANY; i++) {
        t->call->now_ns++;
        last = refuse_patiently(t, &w);
        if (i == 0) first = last;
    }
    committer_stop(s.product.committer);
    s.product.committer = NULL;
    CHECK_OK(store_session_open(t->call, s.product.store, STORE_READ, &reading));
    CHECK_OK(denials_list(t->call, reading, MANY, &list, &n));
    CHECK(n >= DENIALS_KEPT && n < MANY);
    CHECK(n && guid_eq(list[0].id, last));
    CHECK_OK(denials_find(t->call, reading, last, &found));
    CHECK_STR(found.action, S("Microsoft.KeyVault/vaults/read"), "the record");
    CHECK(str_find_str(found.explained, S("\"reason\":\"NoRole\"")) != STR_NOWHERE);
    CHECK_ERR(denials_find(t->call, reading, first, &found), ERR_NOT_FOUND, "the first is gone");
    CHECK_ERR(denials_find(t->call, reading, GUID_NONE, &found), ERR_NOT_FOUND, "no id at all");
    store_session_close(reading);
}
