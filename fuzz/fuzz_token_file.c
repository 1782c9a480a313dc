// The contents of a federated token's file: the word that is read lies in it whole, and is read as itself.
#include "client/entra/workload_identity.h"
#include "fuzz.h"

FUZZ(token_file)
{
    str text = fuzz_str(c, data, n), word, again;
    if (!token_file_text(text, &word)) return 0;
    ASSERT(word.at >= text.at && word.at + word.n <= text.at + text.n && word.n > 0);
    for (size_t i = 0; i < word.n; i++) ASSERT(word.at[i] > 0x20 && word.at[i] < 0x7f);
    ASSERT(token_file_text(word, &again) && str_eq(again, word));
    return 0;
}
