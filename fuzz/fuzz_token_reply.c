// What a token endpoint answered: a token that is read can stand in a header and ends after it is renewed; words of an error that are
// repeated are short, printable and hold no JWT.
#include "client/reply.h"
#include "client/request_text.h"
#include "fuzz.h"

static void check_words(str s)
{
    ASSERT(s.n <= REPLY_WORDS_MAX_BYTES);
    for (size_t i = 0; i < s.n; i++) ASSERT(s.at[i] >= 0x20 && s.at[i] <= 0x7e);
    for (size_t i = 0, run = 0; i < s.n; i++) {
        run = s.at[i] == ' ' ? 0 : run + 1;
        ASSERT(run < 4 || memcmp(s.at + i - 3, " eyJ", 4) != 0);
    }
}

FUZZ(token_reply)
{
    struct token_reply r;
    struct error_reply e;
    const char        *header;
    str                body = fuzz_str(c, data, n);
    if (token_reply_read(c, body, &r) == OK) {
        ASSERT(header_text(c, "Authorization", r.access_token, &header) == OK || r.access_token.n > HEADER_MAX_BYTES);
        ASSERT(r.expires_at_s > 0 && r.refresh_at_s < r.expires_at_s);
    }
    call_forgive(c);
    error_reply_read(c, body, STR_NONE, &e);
    check_words(e.code);
    check_words(e.text);
    check_words(e.correlation_id);
    return 0;
}
