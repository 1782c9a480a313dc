/*
 * test_keys.h - signing keys for tests: a few real ones, made once, for making one is slow.
 */
#pragma once
#include "test.h"
#include "token/key.h"

#define TEST_KEYS_N 4

/* The next of them, in turn; never the same one as the TEST_KEYS_N - 1 before. Lives: the reference is the caller's. */
struct token_key *test_keys_next(struct test *t);
