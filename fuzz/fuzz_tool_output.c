// What az or azd writes: a token that is read can stand in a header; words of its errors are short and printable.
#include "client/command/tool.h"
#include "fuzz.h"

FUZZ(tool_output)
{
    struct token_reply r;
    str                text = fuzz_str(c, data, n);
    const struct tool *tool = n % 2 ? &TOOL_AZ : &TOOL_AZD;
    if (tool_output_read(c, tool, text, &r) == OK) ASSERT(reply_token_is_valid(r.access_token) && r.expires_at_s > 0);
    call_forgive(c);
    str words = tool_words(c, text);
    ASSERT(words.n <= REPLY_WORDS_MAX_BYTES);
    for (size_t i = 0; i < words.n; i++) ASSERT(words.at[i] >= 0x20 && words.at[i] <= 0x7e);
    return 0;
}
