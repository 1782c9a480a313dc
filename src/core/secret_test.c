#include "core/secret.h"

#include "test.h"

// The library hands a token out as a C string.
TEST(secret_has_a_nul_behind_its_last_byte)
{
    static const char LONGEST[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    for (size_t n = 0; n < sizeof LONGEST; n++) {
        CLEANUP(secret_clear) struct secret s = {0};
        CHECK_ERR(secret_init(t->call, &s, (bytes){(const uint8_t *)LONGEST, n}), OK, "a secret");
        CHECK_INT(strlen((const char *)secret_reveal(&s).at), n, "the string ends with the secret");
    }
}
