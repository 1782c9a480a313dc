#include "core/json.h"
#include "test.h"

TEST(json_parse_refuses_nul_bytes)
{
    static const str   CASES[] = {S_INIT("1\0"), S_INIT("[1\0]"), S_INIT("{\"a\":1\0}"), S_INIT("\0"), S_INIT("\"\0\""), S_INIT("{}\0")};
    const struct json *v;
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_ERR(json_parse(t->call, CASES[i], &v), ERR_JSON_INVALID, CASES[i].at);
}

TEST(json_parse_is_strict)
{
    static const struct { const char *text; enum err want; } CASES[] = {
        {"{}", OK}, {"[1,-2,3.5,true,null,\"x\"]", OK}, {"\"text\"", OK}, {"9223372036854775807", OK},
        {"", ERR_JSON_INVALID}, {"{", ERR_JSON_INVALID}, {"{\"a\":1,\"a\":2}", ERR_JSON_INVALID}, {"[1,]", ERR_JSON_INVALID},
        {"{a:1}", ERR_JSON_INVALID}, {"{} x", ERR_JSON_INVALID}, {"9223372036854775808", ERR_JSON_INVALID},
        {"\"\xff\"", ERR_JSON_INVALID}, {"\"\\u0000\"", ERR_JSON_INVALID}, {"nul", ERR_JSON_INVALID}, {"'x'", ERR_JSON_INVALID},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *v = NULL;
        CHECK_ERR(json_parse(t->call, str_of(CASES[i].text), &v), CASES[i].want, CASES[i].text);
    }
}

TEST(json_parse_tells_too_little_memory_from_a_bad_text)
{
    static const str   TEXT = S_INIT("{\"a\":[1,2.5,\"a text that is long enough to be moved while it is read\"],\"b\":{\"c\":null}}");
    const struct json *v = NULL;
    enum err           got = ERR_TOO_LARGE;
    for (size_t heap = 1; heap < 20000 && got != OK; heap += 8) {
        got = json_parse_within(t->call, TEXT, heap, &v);
        if (got != OK) CHECK_ERR(got, ERR_TOO_LARGE, "with less than it takes");
    }
    CHECK_ERR(got, OK, "with enough");
    CHECK_ERR(json_parse_within(t->call, S("{\"a\":[1,2"), 20000, &v), ERR_JSON_INVALID, "a bad text");
}

TEST(json_parse_refuses_deep_nests)
{
    char deep[2 * 200 + 1] = {0};
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    const struct json *v = NULL;
    CHECK_ERR(json_parse(t->call, str_of(deep), &v), ERR_JSON_INVALID, "200 levels");
    CHECK(v == NULL);
}

// Arrays in each other, n deep: with one in it, "[[]]", the depth of the inner one is 1.
static const struct json *nest(struct test *t, unsigned n)
{
    struct json *items = NULL;
    CHECK_OK(NEW(t->call, &items, n + 1));
    for (unsigned i = 0; i <= n; i++) {
        items[i].kind = JSON_IS_ARRAY;
        if (i == n) break;
        items[i].u.list.items = &items[i + 1];
        items[i].u.list.n = 1;
    }
    return items;
}

TEST(json_check_depth_knows_what_may_be_stored)
{
    CHECK_OK(json_check_depth(t->call, NULL));
    CHECK_OK(json_check_depth(t->call, nest(t, 0)));
    CHECK_OK(json_check_depth(t->call, nest(t, JSON_MAX_KEPT_DEPTH)));
    CHECK_ERR(json_check_depth(t->call, nest(t, JSON_MAX_KEPT_DEPTH + 1)), ERR_JSON_INVALID, "one more");
    call_forgive(t->call);
    CHECK_ERR(json_check_depth(t->call, nest(t, JSON_MAX_DEPTH)), ERR_JSON_INVALID, "as deep as can be read");
}

TEST(json_writes_the_deepest_that_it_reads_inside_of_an_answer)
{
    const struct json *read = NULL;
    str                text = STR_NONE;
    struct buf         b;
    struct json_writer w;
    CHECK_OK(json_text(t->call, nest(t, JSON_MAX_DEPTH), &text));
    CHECK_OK(json_parse(t->call, text, &read));
    buf_init(&b, &t->call->arena);
    json_begin(&w, &b);
    for (int i = 0; i < 8; i++) json_write_array(&w);
    json_write_value(&w, read);
    for (int i = 0; i < 8; i++) json_write_end(&w);
    CHECK_OK(buf_finish(t->call, &b, &text));
    CHECK(text.n == 2 * (JSON_MAX_DEPTH + 1 + 8));
}

TEST(json_text_writes_what_was_read)
{
    static const char *const CASES[] = {
        "{}", "[]", "{\"a\":[1,2,{\"b\":null}],\"c\":\"q\\\"\\\\\\n\\u0001\"}", "[true,false,-7,1.5]", "\"\xc3\xa4\"", "[[],[{}]]",
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *v = NULL;
        str                again = STR_NONE;
        CHECK_OK(json_parse(t->call, str_of(CASES[i]), &v));
        CHECK_OK(json_text(t->call, v, &again));
        CHECK_STR(again, str_of(CASES[i]), CASES[i]);
    }
}

TEST(json_same_ignores_the_order_of_members_alone)
{
    static const struct { const char *a, *b; bool want; } CASES[] = {
        {"{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2],\"a\":1}", true},
        {"[]", "[]", true},
        {"null", "null", true},
        {"1.5", "1.5", true},
        {"[1,2]", "[2,1]", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
        {"{\"a\":1,\"b\":1}", "{\"a\":1,\"c\":1}", false},
        {"{\"a\":{\"x\":true}}", "{\"a\":{\"x\":false}}", false},
        {"\"a\"", "\"A\"", false},
        {"1", "\"1\"", false},
        {"{}", "[]", false},
        {"null", "false", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *a, *b;
        CHECK_OK(json_parse(t->call, str_of(CASES[i].a), &a));
        CHECK_OK(json_parse(t->call, str_of(CASES[i].b), &b));
        CHECK_ROW(json_same(a, b) == CASES[i].want && json_same(b, a) == CASES[i].want, CASES[i].a);
        CHECK_ROW(!json_same(a, NULL) && !json_same(NULL, a), CASES[i].a);
    }
    CHECK(json_same(NULL, NULL));
}

TEST(json_merge_follows_rfc_7396)
{
    static const struct { const char *base, *patch, *want; } CASES[] = { // the appendix of the RFC
        {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
        {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
        {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
        {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
        {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
        {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
        {"{\"a\":\"foo\"}", "null", "null"},
        {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
        {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
        {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *base = NULL, *patch = NULL, *merged = NULL;
        str                text = STR_NONE;
        CHECK_OK(json_parse(t->call, str_of(CASES[i].base), &base));
        CHECK_OK(json_parse(t->call, str_of(CASES[i].patch), &patch));
        CHECK_OK(json_merge(t->call, base, patch, &merged));
        CHECK_OK(json_text(t->call, merged, &text));
        CHECK_STR(text, str_of(CASES[i].want), CASES[i].patch);
    }
}

// An object of that many members: letter0 to letterN.
static str many(struct test *t, char letter, size_t n)
{
    struct buf b;
    str        text = STR_NONE;
    buf_init(&b, &t->call->arena);
    for (size_t i = 0; i < n; i++) buf_addf(&b, "%s\"%c%zu\":%zu", i ? "," : "{", letter, i, i);
    buf_add_char(&b, '}');
    CHECK_OK(buf_finish(t->call, &b, &text));
    return text;
}

// By a search through all of them for each it would take minutes.
TEST(json_merge_of_many_members_keeps_each_once)
{
    enum { MANY = 90000 };
    const struct json *base, *patch, *merged = NULL;
    CHECK_OK(json_parse(t->call, many(t, 'a', MANY), &base));
    CHECK_OK(json_parse(t->call, many(t, 'b', MANY), &patch));
    CHECK_OK(json_merge(t->call, base, patch, &merged));
    CHECK(json_n(merged) == 2 * MANY);
    CHECK_OK(json_merge(t->call, merged, patch, &merged));
    CHECK(json_n(merged) == 2 * MANY); // the same once more
}

TEST(json_replace_puts_members_as_a_whole)
{
    const struct json *base, *members, *got = NULL;
    str                text = STR_NONE;
    CHECK_OK(json_parse(t->call, S("{\"a\":{\"b\":1},\"c\":2,\"d\":3}"), &base));
    CHECK_OK(json_parse(t->call, S("{\"a\":{\"e\":4},\"c\":null,\"f\":5}"), &members));
    CHECK_OK(json_replace(t->call, base, members, &got));
    CHECK_OK(json_text(t->call, got, &text));
    CHECK_STR(text, S("{\"d\":3,\"a\":{\"e\":4},\"f\":5}"), "replaced");
}

TEST(json_spell_gives_known_names_their_case_and_refuses_twins)
{
    static const str NAMES[] = {S_INIT("enableSoftDelete"), S_INIT("sku")};
    static const struct { const char *text, *want; } CASES[] = {
        {"{\"EnableSoftDelete\":true,\"SKU\":1,\"Other\":2}", "{\"enableSoftDelete\":true,\"sku\":1,\"Other\":2}"},
        {"{\"other\":1,\"Other\":2}", "{\"other\":1,\"Other\":2}"},
        {"[\"SKU\"]", "[\"SKU\"]"},
        {"{\"sku\":1,\"SKU\":2}", NULL},
        {"{\"Sku\":1,\"SKU\":1}", NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *v, *got = NULL;
        str                text = STR_NONE;
        CHECK_OK(json_parse(t->call, str_of(CASES[i].text), &v));
        enum err failed = json_spell(t->call, v, NAMES, COUNT(NAMES), &got);
        CHECK_ERR(failed, CASES[i].want ? OK : ERR_JSON_INVALID, CASES[i].text);
        call_forgive(t->call);
        if (failed != OK) continue;
        CHECK_OK(json_text(t->call, got, &text));
        CHECK_STR(text, str_of(CASES[i].want), CASES[i].text);
    }
}

TEST(json_reading_takes_absence_for_granted)
{
    const struct json *v = NULL;
    CHECK_OK(json_parse(t->call, S("{\"properties\":{\"sku\":{\"name\":\"standard\"},\"n\":3}}"), &v));
    CHECK_STR(json_str(json_path(v, "properties.sku.name")), S("standard"), "path");
    CHECK(json_path(v, "properties.none.name") == NULL && json_get(NULL, S("x")) == NULL);
    CHECK(str_empty(json_get_str(v, S("properties"))) && json_n(json_get(v, S("n"))) == 0);
    CHECK_INT(json_get_int(json_get(v, S("properties")), S("n"), -1), 3, "n");
    CHECK_INT(json_get_int(v, S("n"), -1), -1, "absent");
}

TEST(json_write_string_writes_nothing_that_is_no_utf8)
{
    static const struct { const char *text, *want; } CASES[] = {
        {"plain", "\"plain\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"a\xff" "b", "\"a\xef\xbf\xbd" "b\""},
        {"\xc3", "\"\xef\xbf\xbd\""},                              // cut in half
        {"\xe2\x82\"", "\"\xef\xbf\xbd\xef\xbf\xbd\\\"\""},       // the quote behind is still one
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},              // longer than needed
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, // half of a pair
        {"\x7f\x01\n\\", "\"\x7f\\u0001\\n\\\\\""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct buf         b;
        struct json_writer w;
        const struct json *again;
        buf_init(&b, &t->call->arena);
        json_begin(&w, &b);
        json_write_string(&w, str_of(CASES[i].text));
        CHECK_STR(buf_view(&b), str_of(CASES[i].want), CASES[i].text);
        CHECK_ERR(json_parse(t->call, call_format(t->call, "[%.*s]", PSTR(buf_view(&b))), &again), OK, CASES[i].want);
    }
}
