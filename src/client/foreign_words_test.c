// A server that repeats the secret it was sent is not repeated.
#include "client/foreign_words.h"

#include "client/reply.h"
#include "test.h"

#define SECRET "p@ss w0rd!/x"

TEST(a_secret_is_taken_out_of_foreign_words_in_each_spelling)
{
    static const struct {
        const char *text, *secret, *want;
        size_t      most;
    } CASES[] = {
        {"you sent " SECRET ", no", SECRET, "you sent ***, no", 100},
        {"client_secret=p%40ss%20w0rd%21%2Fx&a=b", SECRET, "client_secret=***&a=b", 100},
        {"client_secret=p%40ss+w0rd%21%2fx", SECRET, "client_secret=***", 100},
        {"%70%40%73%73%20%77%30%72%64%21%2f%78", SECRET, "***", 100},
        {SECRET SECRET, SECRET, "******", 100},
        {"p@ss w0rd!/", SECRET, "p@ss w0rd!/", 100},
        {"aab", "ab", "a***", 100},
        {"nothing", "", "nothing", 100},
        {"nothing", "", "no", 2},
        {"no " SECRET, SECRET, "no *", 4},
        {"1234567 " SECRET, SECRET, "1234567 ", 8},
        {"%", SECRET, "%", 100},
        {"%4", "@", "%4", 100},
        {"", SECRET, "", 100},
    };
    for (size_t i = 0; i < COUNT(CASES); i++)
        CHECK_STR(words_without(t->call, str_of(CASES[i].text), str_of(CASES[i].secret), CASES[i].most), str_of(CASES[i].want), CASES[i].text);
}

// In each field of an error, before it is shortened: a piece of a secret is none any more.
TEST(a_secret_is_in_no_field_of_an_error_that_is_told)
{
    static const char *const BODIES[] = {
        "{\"error\":\"%s\",\"error_description\":\"%s\",\"correlation_id\":\"%s\"}",
        "{\"error\":{\"code\":\"%s\",\"message\":\"%s\",\"correlationId\":\"%s\"}}",
    };
    static const char *const SECRETS[] = {"Q8Q~shortSecretOf34chars_abcdefghij", "853b9a84-aaaa-bbbb"};
    for (size_t i = 0; i < COUNT(BODIES) * COUNT(SECRETS); i++) {
        const char        *secret = SECRETS[i / COUNT(BODIES)];
        char               padded[128], long_text[1024], body[2048];
        struct error_reply r;
        snprintf(padded, sizeof padded, "%.*s%s", 55, "word word word word word word word word word word word word", secret);
        for (int k = 0; k < 100; k++) memcpy(long_text + 6 * k, "words ", 6);
        snprintf(long_text + 590, sizeof long_text - 590, " %s", secret);
        for (const char **text = (const char *[]){secret, padded, long_text, NULL}; *text; text++) {
            const char *format = BODIES[i % COUNT(BODIES)];
            snprintf(body, sizeof body, format, padded, *text, padded);
            error_reply_read(t->call, str_of(body), str_of(secret), &r);
            CHECK_ROW(str_find_str(r.code, str_upto(str_of(secret), 8)) == STR_NOWHERE, body);
            CHECK_ROW(str_find_str(r.text, str_upto(str_of(secret), 8)) == STR_NOWHERE, body);
            CHECK_ROW(str_find_str(r.correlation_id, str_upto(str_of(secret), 8)) == STR_NOWHERE, body);
        }
    }
}

TEST(a_long_word_with_slashes_or_escapes_is_not_told_but_a_path_is)
{
#define TEN "abcdefghi/"
#define ID  "/subscriptions/44444444-4444-4444-4444-444444444444/resourceGroups/rg1/providers/Microsoft.Compute/virtualMachines/vm1"
    static const struct {
        const char *text, *want;
    } CASES[] = {
        {"key " TEN TEN TEN TEN TEN TEN TEN "x==.", "key ***"},
        {"key a%2Fbcdefghi%2Fbcdefghi%2Fbcdefghi%2Fbcdefghi%2Fbcdefghi%2Fbcdefghi%2F, no", "key ***, no"},
        {"see https://login.example/aaaaaaaaa/aaaaaaaaa/aaaaaaaaa/aaaaaaaaa/aaaaaaaaa/aaaaaaaaa, no",
         "see https://login.example/aaaaaaaaa/aaaaaaaaa/aaaaaaaaa/aaaaaaaaa/aaaaaaaaa/aaaaaaaaa, no"},
        {"no " ID " here", "no " ID " here"},
        {"a/b 100% c", "a/b 100% c"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_STR(reply_words(t->call, str_of(CASES[i].text)), str_of(CASES[i].want), CASES[i].text);
}
