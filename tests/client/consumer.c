// A program that uses the installed library: C11 to C23, and C++17. The test makes symbols.inc of the list of its functions.
#include <lanyard/admin.h>
#include <lanyard/identity.h>
#include <lanyard/result.h>
#include <lanyard/settings.h>
#include <lanyard/transport.h>
#include <lanyard/url.h>
#include <stdio.h>
#include <string.h>

typedef void any_function(void);

static any_function *const FUNCTIONS[] = {
#define FUNCTION(name) (any_function *)name,
#include "symbols.inc"
#undef FUNCTION
};

// Names that the library's inside has too: they are the program's own.
int str_eq_nocase(void);
int str_eq_nocase(void)
{
    return 7;
}

#ifdef __cplusplus
// No function has the name of a struct: a program need not write `struct`.
static bool has_plain_names(void)
{
    lanyard_settings      s{};
    lanyard_identity      i{};
    lanyard_certificate   c{};
    lanyard_token_request q{};
    lanyard_attempt       a{};
    lanyard_challenge     h{};
    q.size = sizeof q;
    return q.size > 0 && !q.scope && !s.size && !i.id && !c.path && !a.code && !*h.scope;
}
#else
static bool has_plain_names(void)
{
    return true;
}
#endif

int main(void)
{
    struct lanyard_settings settings;
    unsigned                n = 0;
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) n += FUNCTIONS[i] != NULL;
    memset(&settings, 0, sizeof settings);
    settings.size = sizeof settings;
    settings.ignore_environment = true;
    struct lanyard_credential *me = lanyard_client_secret("contoso.com", "not a client", "secret", &settings);
    struct lanyard_token      *token = lanyard_token_get(me, "two scopes");
    bool                       is_invalid = lanyard_token_result(token) == LANYARD_INVALID;
    lanyard_token_free(token);
    lanyard_credential_free(me);
    printf("%u functions, %s, %s\n", n, lanyard_version(), is_invalid ? "invalid" : "?");
    return is_invalid && has_plain_names() && str_eq_nocase() == 7 ? 0 : 1;
}
