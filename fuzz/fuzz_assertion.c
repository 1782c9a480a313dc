// A client assertion: what is read lies in the text, within the limits; who signed it is never an application without certificates.
#include "fuzz.h"
#include "token/client_assertion.h"

FUZZ(assertion)
{
    struct client_assertion       a;
    struct application            nobody = {0};
    const struct app_certificate *signer;
    str                           text = fuzz_str(c, data, n);
    if (client_assertion_read(c, text, &a) != OK) return 0;
    ASSERT(str_starts(text, a.signed_text) && text.at[a.signed_text.n] == '.' && a.signature.n > 0);
    ASSERT(a.audience_n >= 1 && a.audience_n <= ASSERTION_MAX_AUDIENCES && a.expires_s > 0 && a.not_before_s >= 0);
    ASSERT(client_assertion_is_for(&a, a.audiences[a.audience_n - 1]));
    ASSERT(client_assertion_signer(c, &a, &nobody, &signer) == OK && signer == NULL);
    return 0;
}
