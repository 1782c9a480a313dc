#include "endpoints/page.h"

#include "core/b64.h"
#include "test_product.h"

struct asking {
    struct test_product s;
    struct http_request http;
    struct wire         wire;
    struct http_field   query[4];
};

static void asking_open(struct asking *x, struct test *t)
{
    test_product_open(&x->s, t);
    x->http = (struct http_request){.host = S("management.example"), .path = S("/list%20of")};
    x->wire = (struct wire){.http = &x->http, .product = &x->s.product, .path = S("/list of"), .query = x->query};
}

static void asking_close(struct asking *x)
{
    test_product_close(&x->s);
}

static void set_query(struct asking *x, str filter, str token)
{
    x->query[0] = (struct http_field){S("$filter"), filter};
    x->query[1] = (struct http_field){S("$SkipToken"), token};
    x->wire.query_n = token.at ? 2 : 1;
}

static str cursor(struct asking *x, str key)
{
    struct test *t = x->s.test;
    str          out = STR_NONE;
    set_query(x, S("f"), STR_NONE);
    CHECK_OK(page_cursor(x->s.call, &x->wire, key, &out));
    return out;
}

static enum err begin(struct asking *x, str filter, str token, struct page *out)
{
    set_query(x, filter, token);
    return page_begin(x->s.call, &x->wire, 7, out);
}

TEST(page_goes_on_at_its_own_cursor)
{
    CLEANUP(asking_close) struct asking x;
    static const char                   BYTES[] = "\0a\xff\0";
    const str                           keys[] = {S("k"), S("/subscriptions/x/Y"), {BYTES, 4}, {NULL, 0}};
    struct page                         page;
    asking_open(&x, t);
    for (size_t i = 0; keys[i].n; i++) {
        CHECK_OK(begin(&x, S("f"), cursor(&x, keys[i]), &page));
        CHECK_STR(page.after, keys[i], "the key");
        CHECK(page.room == 7 && page.looks == PAGE_MAX_LOOKS && !page.is_full);
    }
    CHECK_OK(begin(&x, S("f"), STR_NONE, &page));
    CHECK(str_empty(page.after));
}

TEST(page_refuses_every_cursor_that_is_not_its_own)
{
    CLEANUP(asking_close) struct asking x;
    struct page                         page;
    asking_open(&x, t);
    const object_id me = x.s.caller.id;
    str             good = cursor(&x, S("key"));
    CHECK_ERR(begin(&x, S("another"), good, &page), ERR_PARAMETER_INVALID, "another filter");
    x.wire.path = S("/list of more");
    CHECK_ERR(begin(&x, S("f"), good, &page), ERR_PARAMETER_INVALID, "another list");
    x.wire.path = S("/list of");
    x.wire.label = S("vault");
    CHECK_ERR(begin(&x, S("f"), good, &page), ERR_PARAMETER_INVALID, "another host");
    x.wire.label = STR_NONE;
    x.s.caller.id = (object_id){test_product_guid(99)};
    CHECK_ERR(begin(&x, S("f"), good, &page), ERR_PARAMETER_INVALID, "another caller");
    x.s.caller.id = me;
    CHECK_OK(begin(&x, S("f"), good, &page)); // the control
    static const char *const STRANGE[] = {"", "A", "AA", "!", "%25", "a2V5", "AAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAa2V5"};
    for (size_t i = 0; i < COUNT(STRANGE); i++) CHECK_ERR(begin(&x, S("f"), str_of(STRANGE[i]), &page), ERR_PARAMETER_INVALID, STRANGE[i]);
    for (size_t i = 0; i < good.n; i++) { // one character changed, cut, or added
        str  changed;
        char text[64];
        memcpy(text, good.at, good.n);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        changed = (str){text, good.n};
        CHECK_ERR(begin(&x, S("f"), changed, &page), ERR_PARAMETER_INVALID, "changed");
        CHECK_ERR(begin(&x, S("f"), str_upto(good, i), &page), ERR_PARAMETER_INVALID, "cut");
    }
    CHECK_ERR(begin(&x, S("f"), call_format(t->call, "%.*sA", PSTR(good)), &page), ERR_PARAMETER_INVALID, "longer");
    struct buf b;
    buf_init(&b, &t->call->arena);
    char *huge = buf_extend(&b, 2 * PAGE_MAX_KEY_BYTES);
    memset(huge, 'A', 2 * PAGE_MAX_KEY_BYTES);
    CHECK_ERR(begin(&x, S("f"), buf_view(&b), &page), ERR_PARAMETER_INVALID, "huge");
}

TEST(page_shows_no_key_in_its_cursor)
{
    CLEANUP(asking_close) struct asking x;
    bytes                               raw;
    asking_open(&x, t);
    CHECK_OK(b64url_decode(t->call, cursor(&x, S("/subscriptions/x/hidden")), &raw));
    CHECK(str_find_str(bytes_str(raw), S("hidden")) == STR_NOWHERE);
    CHECK(!str_eq(cursor(&x, S("key")), cursor(&x, S("key")))); // nor that two are the same
}

TEST(page_of_guids_takes_no_other_key)
{
    CLEANUP(asking_close) struct asking x;
    struct page                         page;
    const guid                         *after;
    guid                                id = test_product_guid(7);
    asking_open(&x, t);
    str good = cursor(&x, guid_key(&id)), text = cursor(&x, S("no guid"));
    set_query(&x, S("f"), good);
    CHECK_OK(page_begin_guids(x.s.call, &x.wire, 1, &page, &after));
    CHECK(after && guid_eq(*after, id));
    set_query(&x, S("f"), text);
    CHECK_ERR(page_begin_guids(x.s.call, &x.wire, 1, &page, &after), ERR_PARAMETER_INVALID, "a text");
    set_query(&x, S("f"), STR_NONE);
    CHECK_OK(page_begin_guids(x.s.call, &x.wire, 1, &page, &after));
    CHECK(!after);
}

TEST(page_ends_when_it_is_full_and_when_it_has_looked_enough)
{
    struct page page = {.room = 2, .looks = 4};
    CHECK(page_takes(&page, S("a"), true));
    CHECK(!page_takes(&page, S("b"), false) && !page.is_full);
    CHECK(page_takes(&page, S("c"), true) && !page.is_full);
    CHECK(!page_takes(&page, S("d"), false) && !page.is_full); // what does not belong needs no room
    CHECK(!page_takes(&page, S("e"), false) && page.is_full);
    CHECK_STR(page.last, S("d"), "the last that was looked at");
    page = (struct page){.room = 1, .looks = 9};
    CHECK(page_takes(&page, S("a"), true));
    CHECK(!page_takes(&page, S("b"), true) && page.is_full);
    CHECK_STR(page.last, S("a"), "what found no room comes next");
}

TEST(page_link_repeats_the_request_with_the_cursor)
{
    CLEANUP(asking_close) struct asking x;
    struct page                         page = {.last = S("key"), .is_full = true}, next;
    str                                 link;
    static const struct {
        bool plain_dollar;
        str  want;
    } CASES[] = {
        {false, S_INIT("https://management.example/list%20of?%24filter=a%20eq%20%27b%27&%24skiptoken=")},
        {true, S_INIT("https://management.example/list%20of?$filter=a%20eq%20%27b%27&$skiptoken=")},
    };
    asking_open(&x, t);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        set_query(&x, S("a eq 'b'"), S("old"));
        CHECK_OK(page_link(x.s.call, &x.wire, &page, CASES[i].plain_dollar, &link));
        CHECK_STR(str_upto(link, CASES[i].want.n), CASES[i].want, "the request");
        CHECK_OK(begin(&x, S("a eq 'b'"), str_from(link, CASES[i].want.n), &next));
        CHECK_STR(next.after, S("key"), "the cursor");
    }
}
