#include "test_keys.h"

struct token_key *test_keys_next(struct test *t)
{
    static struct token_key *made[TEST_KEYS_N];
    static size_t            turn;
    struct token_key       **key = &made[turn++ % TEST_KEYS_N];
    if (!*key) CHECK_OK(token_key_new(t->call, key));
    token_key_take(*key);
    return *key;
}
