/*
 * test_file.h - files of a test, in its directory.
 */
#pragma once
#include "test.h"

/* Writes it anew, and gives its path, which lives in the test's call. */
const char *test_file(struct test *t, const char *name, str contents);
