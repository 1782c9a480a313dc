#include "core/buf.h"
#include "core/digest.h"
#include "core/map.h"
#include "core/random.h"
#include "test.h"

TEST(arena_keeps_its_limit)
{
    struct arena a = {.limit = 64 << 10};
    size_t       got = 0;
    while (arena_alloc(&a, 1000)) got += 1000;
    CHECK(got > 32000 && got <= 64 << 10);
    CHECK(arena_alloc(&a, SIZE_MAX) == NULL);
    arena_reset(&a);
    CHECK(arena_alloc(&a, 1000) != NULL);
    arena_clear(&a);
}

TEST(arena_gives_out_nothing_but_zeros)
{
    struct arena a = {0};
    for (int round = 0; round < 2; round++) { // after a reset it is the same memory
        char  *piece = arena_alloc(&a, 200), *next;
        size_t dirty = 0;
        for (size_t i = 0; piece && i < 200; i++) dirty += piece[i] != 0;
        CHECK(piece != NULL);
        memset(piece, 's', 200);
        CHECK(arena_resize_last(&a, piece, 200, 70));
        next = arena_alloc(&a, 300);
        for (size_t i = 0; next && i < 300; i++) dirty += next[i] != 0;
        CHECK(arena_resize_last(&a, next, 300, 5) && arena_resize_last(&a, next, 5, 400));
        for (size_t i = 5; i < 400; i++) dirty += next[i] != 0;
        memset(next, 's', 400);
        CHECK_INT(dirty, 0, "bytes that were there before");
        arena_reset(&a);
    }
    arena_clear(&a);
}

TEST(arena_reset_keeps_only_what_is_small)
{
    static const struct { size_t first, second; bool keeps; } CASES[] = {
        {100, 0, true}, {100, 5 << 20, true}, {60 << 10, 100, true}, {65 << 10, 0, false}, {5 << 20, 100, false}, {5 << 20, 5 << 20, false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct arena a = {0};
        CHECK(arena_alloc(&a, CASES[i].first) != NULL && arena_alloc(&a, CASES[i].second) != NULL);
        arena_reset(&a);
        CHECK_AT_MOST(a.used, 64 << 10, "bytes that stay");
        CHECK_INT(a.used > 0, CASES[i].keeps, "stays warm");
        CHECK(arena_alloc(&a, 1000) != NULL);
        arena_clear(&a);
    }
}

// A unit of work that takes what the one before it took asks the system for nothing.
TEST(arena_settles_at_what_a_unit_of_work_takes)
{
    struct arena a = {0};
    size_t       settled = 0;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 100; i++) CHECK(arena_alloc(&a, 200) != NULL);
        if (round == 2) settled = a.used;
        if (round == 3) CHECK_INT(a.used, settled, "bytes from the system");
        arena_reset(&a);
        if (round >= 2) CHECK_INT(a.used, settled, "bytes that stay");
    }
    arena_clear(&a);
}

TEST(buf_says_why_it_failed)
{
    static const struct { size_t limit, bytes; enum err want; } CASES[] = {
        {0, 1000, OK}, {0, BUF_LIMIT_BYTES, OK}, {0, BUF_LIMIT_BYTES + 1, ERR_TOO_LARGE}, {0, SIZE_MAX, ERR_TOO_LARGE}, {5000, 10000, ERR_NO_MEMORY},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct arena a = {.limit = CASES[i].limit};
        struct buf   b;
        str          text = STR_NONE;
        buf_init(&b, &a);
        buf_add_char(&b, 'a');
        buf_reserve(&b, CASES[i].bytes - 1);
        CHECK_ERR(buf_finish(t->call, &b, &text), CASES[i].want, "a buffer");
        CHECK(str_empty(text) == (CASES[i].want != OK));
        arena_clear(&a);
    }
}

TEST(map_finds_what_was_put_and_nothing_else)
{
    enum { N = 3000 };
    static char keys[N][16];
    struct map  m;
    map_init(&m, true);
    for (size_t i = 0; i < N; i++) {
        snprintf(keys[i], sizeof keys[i], "Key-%zu", i);
        CHECK(map_put(&m, str_of(keys[i]), keys[i], NULL));
    }
    for (size_t i = 0; i < N; i += 3) CHECK(map_remove(&m, str_of(keys[i])) == keys[i]);
    for (size_t i = 0; i < N; i++) CHECK(map_get(&m, str_of(keys[i])) == (i % 3 ? keys[i] : NULL));
    CHECK(map_get(&m, S("kEY-1")) == keys[1]);
    CHECK(map_get(&m, S("key-3")) == NULL && map_remove(&m, S("none")) == NULL);
    size_t seen = 0, at = 0;
    while (map_next(&m, &at)) seen++;
    CHECK_INT(seen, m.n, "values");
    map_clear(&m);
}

TEST(map_replaces_an_equal_key)
{
    struct map m;
    void      *old = NULL;
    int        one, two, three;
    map_init(&m, false);
    CHECK(map_put(&m, S("a"), &one, &old) && old == NULL);
    CHECK(map_put(&m, S("a"), &two, &old) && old == &one);
    CHECK(map_put(&m, S("A"), &three, &old) && old == NULL);
    CHECK_INT(m.n, 2, "n");
    map_clear(&m);
}

TEST(call_keeps_the_first_failure)
{
    struct call c;
    call_init(&c, NULL, NULL);
    CHECK(FAIL(&c, ERR_NOT_FOUND, "first %d", 1) == ERR_NOT_FOUND);
    CHECK(FAIL(&c, ERR_CONFLICT, "second") == ERR_CONFLICT);
    CHECK(c.failure.kind == ERR_NOT_FOUND);
    CHECK_STR(str_of(c.failure.text), S("first 1"), "text");
    call_forgive(&c);
    CHECK(c.failure.kind == OK);
    call_clear(&c);
}

// An empty text is never taken for a text: the call remembers it, whoever forgives what.
TEST(call_remembers_a_text_without_room)
{
    for (int kind = 0; kind < 5; kind++) {
        struct call c;
        call_init(&c, NULL, NULL);
        CHECK(str_eq(call_format(&c, "%d", 7), S("7")) && str_eq(call_lower(&c, S("A")), S("a")));
        CHECK_ERR(call_check_texts(&c), OK, "all found room");
        c.arena.limit = c.arena.used;
        while (arena_alloc(&c.arena, 1)) continue;
        switch (kind) {
        case 0: CHECK(str_empty(call_format(&c, "%d", 7))); break;
        case 1: CHECK(str_empty(call_lower(&c, S("A")))); break;
        case 2: CHECK(str_empty(call_printable(&c, S("A"), 9))); break;
        case 3: CHECK(call_zstr(&c, S("A")) == NULL); break;
        case 4: CHECK(str_empty(guid_str(&c, GUID_NONE))); break;
        }
        CHECK_ERR(call_check_texts(&c), ERR_NO_MEMORY, "a text is lacking");
        call_forgive(&c);
        CHECK_ERR(FAIL(&c, ERR_NOT_FOUND, "there is no '%s'", "x"), ERR_NO_MEMORY, "what fails may fail because of it");
        CHECK_STR(str_of(c.failure.text), str_of(err_text(ERR_NO_MEMORY)), "and says so");
        call_reset(&c, NULL);
        CHECK_ERR(call_check_texts(&c), OK, "another unit of work");
        call_clear(&c);
    }
}

TEST(seal_opens_only_for_its_key_and_owner)
{
    struct secret key = {0}, other = {0}, plain = {0};
    bytes         box = {0};
    CHECK_OK(secret_init_random(t->call, &key, SEAL_KEY_BYTES));
    CHECK_OK(secret_init_random(t->call, &other, SEAL_KEY_BYTES));
    CHECK_OK(seal_close(t->call, &key, str_bytes(S("hunter2")), S("vault/a"), &box));
    CHECK_OK(seal_open(t->call, &key, box, S("vault/a"), &plain));
    CHECK(secret_equal(&plain, str_bytes(S("hunter2"))));
    secret_clear(&plain);
    CHECK_ERR(seal_open(t->call, &other, box, S("vault/a"), &plain), ERR_CRYPTO, "another key");
    CHECK_ERR(seal_open(t->call, &key, box, S("vault/b"), &plain), ERR_CRYPTO, "another owner");
    for (size_t i = 0; i < box.n; i++) {
        ((uint8_t *)box.at)[i] ^= 1;
        CHECK_ERR(seal_open(t->call, &key, box, S("vault/a"), &plain), ERR_CRYPTO, "a changed bit");
        ((uint8_t *)box.at)[i] ^= 1;
    }
    CHECK_ERR(seal_open(t->call, &key, (bytes){box.at, 10}, S("vault/a"), &plain), ERR_CRYPTO, "cut short");
    secret_clear(&key);
    secret_clear(&other);
}

TEST(random_pool_never_gives_the_same_twice)
{
    struct random_pool pool;
    uint8_t            given[200][16], large[2000] = {0};
    random_pool_init(&pool);
    for (size_t i = 0; i < COUNT(given); i++) random_fill(&pool.random, given[i], sizeof given[i]);
    for (size_t i = 0; i < COUNT(given); i++)
        for (size_t k = 0; k < i; k++) CHECK(memcmp(given[i], given[k], sizeof given[i]) != 0);
    random_fill(&pool.random, large, sizeof large); // more than it keeps
    CHECK(memcmp(large, large + 1000, 1000) != 0);
    for (size_t i = pool.left; i < sizeof pool.bytes; i++) CHECK_INT(pool.bytes[i], 0, "what was given is wiped");
}

TEST(buf_add_character_writes_what_str_take_character_reads)
{
    static const uint32_t CHARACTERS[] = {1, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};
    for (size_t i = 0; i < COUNT(CHARACTERS); i++) {
        struct buf b;
        uint32_t   again = 0;
        buf_init(&b, &t->call->arena);
        buf_add_character(&b, CHARACTERS[i]);
        str text = buf_view(&b);
        CHECK(str_take_character(&text, &again) && text.n == 0);
        CHECK_INT(again, CHARACTERS[i], "character");
    }
}
