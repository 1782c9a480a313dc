#include "resources/names.h"

#include <assert.h>

#include "core/buf.h"

#define MAX_HOST_BYTES  253 // of a name in DNS
#define MAX_LABEL_BYTES 63
// So that the longest label still fits in front of "vault.DOMAIN".
#define MAX_DOMAIN_BYTES (MAX_HOST_BYTES - MAX_LABEL_BYTES - (sizeof ".vault." - 1))

enum { HTTPS_PORT = 443 };

#define NO_ALIASES {{0}, {0}}

// What each kind is called: in the public cloud, and in front of a domain of one's own.
static const struct name_row {
    str  azure, azure_aliases[NAME_MAX_ALIASES];
    str  own;
    bool is_suffix;
} ROWS[NAME_N] = {
    // The aliases are those that instance discovery lists: clients keep one cache for all of them.
    // Source: https://github.com/AzureAD/microsoft-authentication-library-for-js, msal-common/src/authority/AuthorityMetadata.ts
    [NAME_LOGIN] = {S_INIT("login.microsoftonline.com"), {S_INIT("login.windows.net"), S_INIT("login.microsoft.com")}, S_INIT("login"), false},
    // Whoever is given an issuer asks it for its keys: on one's own domain the login host answers for both.
    [NAME_ISSUER] = {S_INIT("sts.windows.net"), NO_ALIASES, S_INIT("login"), false},
    [NAME_MANAGEMENT] = {S_INIT("management.azure.com"), {S_INIT("management.core.windows.net"), {0}}, S_INIT("management"), false},
    [NAME_GRAPH] = {S_INIT("graph.microsoft.com"), NO_ALIASES, S_INIT("graph"), false},
    [NAME_VAULT_SUFFIX] = {S_INIT("vault.azure.net"), NO_ALIASES, S_INIT("vault"), true},
};

struct names names_azure(void)
{
    struct names n = {.port = HTTPS_PORT};
    for (size_t i = 0; i < NAME_N; i++) {
        n.hosts[i] = ROWS[i].azure;
        for (size_t k = 0; k < NAME_MAX_ALIASES; k++) n.aliases[i][k] = ROWS[i].azure_aliases[k];
    }
    return n;
}

static bool is_label_character(char ch)
{
    ch = char_lower(ch);
    return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-';
}

static bool is_label(str s)
{
    if (s.n == 0 || s.n > MAX_LABEL_BYTES || s.at[0] == '-' || s.at[s.n - 1] == '-') return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_label_character(s.at[i])) return false;
    return true;
}

// A last label of digits alone would make it an address.
static bool is_domain(str s)
{
    uint64_t number;
    str      last = STR_NONE;
    if (s.n == 0 || s.n > MAX_DOMAIN_BYTES) return false;
    for (str rest = s; str_cut(&rest, '.', &last);)
        if (!is_label(last)) return false;
    return !str_to_u64(last, &number);
}

enum err names_own(struct call *c, str domain, uint16_t port, struct names *out)
{
    struct names n = {.port = port};
    if (!is_domain(domain))
        return FAIL(c, ERR_NAME_INVALID, "'%.*s' is not a domain of at most %zu letters, digits, hyphens and dots.", PSTR(str_upto(domain, 64)),
                    MAX_DOMAIN_BYTES);
    if (port == 0) return FAIL(c, ERR_NAME_INVALID, "Clients need a port other than 0.");
    str lower = call_lower(c, domain);
    if (!lower.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    for (size_t i = 0; i < NAME_N; i++) {
        n.hosts[i] = call_format(c, "%.*s.%.*s", PSTR(ROWS[i].own), PSTR(lower));
        if (!n.hosts[i].at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    *out = n;
    return OK;
}

// "LABEL.suffix": the label; empty if it is not of that form.
static str label_before(str host, str suffix)
{
    if (host.n < suffix.n + 2 || !str_ends_nocase(host, suffix) || host.at[host.n - suffix.n - 1] != '.') return STR_NONE;
    str label = str_upto(host, host.n - suffix.n - 1);
    return is_label(label) ? label : STR_NONE;
}

static bool is_named(const struct names *n, enum name_kind kind, str host, str *out_label)
{
    *out_label = ROWS[kind].is_suffix ? label_before(host, n->hosts[kind]) : STR_NONE;
    if (ROWS[kind].is_suffix) return out_label->n > 0;
    for (size_t i = 0; i < NAME_MAX_ALIASES; i++)
        if (n->aliases[kind][i].n && str_eq_nocase(host, n->aliases[kind][i])) return true;
    return str_eq_nocase(host, n->hosts[kind]);
}

static enum name_kind find(const struct names *n, str host, str *out_label)
{
    for (enum name_kind kind = 0; kind < NAME_N; kind++)
        if (is_named(n, kind, host, out_label)) return kind;
    *out_label = STR_NONE;
    return NAME_N;
}

// Cuts ":443" off; false if what stands behind a colon is no port.
static bool cut_port(str *host)
{
    size_t   colon = str_find(*host, ':');
    uint64_t port;
    if (colon == STR_NOWHERE) return true;
    if (!str_to_u64(str_from(*host, colon + 1), &port) || port == 0 || port > UINT16_MAX) return false;
    *host = str_upto(*host, colon);
    return true;
}

enum name_kind names_find(const struct names *n, str host, str *out_label)
{
    if (cut_port(&host)) return find(n, host, out_label);
    *out_label = STR_NONE;
    return NAME_N;
}

static str url_of(struct call *c, const struct names *n, str label, str host)
{
    struct buf b;
    str        url;
    buf_init(&b, &c->arena);
    buf_add(&b, S("https://"));
    buf_add(&b, label);
    if (label.n) buf_add_char(&b, '.');
    buf_add(&b, host);
    if (n->port != HTTPS_PORT) buf_addf(&b, ":%u", n->port);
    return buf_finish(c, &b, &url) == OK ? url : STR_NONE;
}

str names_url(struct call *c, const struct names *n, enum name_kind kind)
{
    assert(kind < NAME_N);
    return url_of(c, n, STR_NONE, n->hosts[kind]);
}

str names_url_label(struct call *c, const struct names *n, enum name_kind kind, str label)
{
    assert(kind < NAME_N && ROWS[kind].is_suffix);
    return url_of(c, n, label, n->hosts[kind]);
}

bool names_serves(const struct names *n, str host)
{
    str label;
    return find(n, host, &label) != NAME_N;
}
