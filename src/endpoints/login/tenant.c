#include "endpoints/login/parts.h"

static bool is_domain(str s)
{
    size_t labels = 0;
    if (s.n > 253) return false;
    for (str rest = s, label; str_cut(&rest, '.', &label); labels++) {
        if (str_empty(label) || label.n > 63) return false;
        for (size_t i = 0; i < label.n; i++) {
            char ch = char_lower(label.at[i]);
            if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-')) return false;
        }
    }
    return labels > 1;
}

enum login_tenant_kind login_tenant(const struct wire *q, str segment)
{
    tenant_id id;
    if (guid_parse(segment, &id.g)) return tenant_id_eq(id, q->product->tenant) ? LOGIN_TENANT_OURS : LOGIN_TENANT_UNKNOWN;
    if (str_eq_nocase(segment, S("common")) || str_eq_nocase(segment, S("organizations"))) return LOGIN_TENANT_ANY;
    if (str_eq_nocase(segment, q->product->tenant_domain)) return LOGIN_TENANT_OURS;
    if (str_eq_nocase(segment, S("consumers"))) return LOGIN_TENANT_UNKNOWN; // personal accounts live elsewhere
    return is_domain(segment) ? LOGIN_TENANT_UNKNOWN : LOGIN_TENANT_MALFORMED;
}

enum err login_refuse_tenant(struct call *c, const struct wire *q, struct answer *a, enum login_tenant_kind kind, str error, str segment)
{
    if (kind == LOGIN_TENANT_MALFORMED) return login_refuse(c, q, a, AADSTS_TENANT_MALFORMED, segment);
    return str_empty(error) ? login_refuse(c, q, a, AADSTS_TENANT_UNKNOWN, segment) : login_refuse_as(c, q, a, AADSTS_TENANT_UNKNOWN, error, segment);
}
