// What is read as a service account is nothing else in its subject, and reads again from its two names.
#include "fuzz.h"
#include "token/service_account.h"

static bool is_plain(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.at[i] == ':' || s.at[i] == '/' || (unsigned char)s.at[i] <= ' ' || (unsigned char)s.at[i] >= 0x7f) return false;
    return s.n > 0;
}

FUZZ(service_account)
{
    struct service_account a, again;
    str                    in = fuzz_str(c, data, n), prefix = S("system:serviceaccount:");
    if (service_account_parse(c, in, &a) != OK) return 0;
    ASSERT(is_plain(a.ns) && is_plain(a.name) && a.ns.n <= SERVICE_ACCOUNT_MAX_NS && a.name.n <= SERVICE_ACCOUNT_MAX_NAME);
    ASSERT(service_account_parse(c, call_format(c, "%.*s/%.*s", PSTR(a.ns), PSTR(a.name)), &again) == OK);
    ASSERT(str_eq(again.ns, a.ns) && str_eq(again.name, a.name));
    str subject = service_account_subject(c, &a), rest = str_from(subject, prefix.n), ns;
    ASSERT(str_starts(subject, prefix) && str_cut(&rest, ':', &ns) && str_eq(ns, a.ns) && str_eq(rest, a.name));
    return 0;
}
