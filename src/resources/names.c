#include "resources/names.h"

#include <assert.h>

#include "core/buf.h"

#define MAX_HOST_BYTES  253 // of a name in DNS
#define MAX_LABEL_BYTES 63

enum { HTTPS_PORT = 443 };

struct names names_azure(void)
{
    struct names n = {.port = HTTPS_PORT};
    for (size_t i = 0; i < HOSTS_OF_SERVICES_N; i++)
        for (size_t k = 0; k < HOSTS_OF_SERVICES[i]->n && n.n < NAMES_MAX; k++) { // what is past that has no name: the test of descriptors counts
            const struct host *host = HOSTS_OF_SERVICES[i]->at[k];
            struct name       *name = &n.at[n.n++];
            *name = (struct name){.host = host, .text = host->azure};
            for (size_t m = 0; m < NAME_MAX_ALIASES; m++) name->aliases[m] = host->azure_aliases[m];
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

// So that every host still fits in front of it, and before a suffix the longest label.
static size_t max_domain_bytes(const struct names *n)
{
    size_t longest = 0;
    for (size_t i = 0; i < n->n; i++) {
        size_t before = n->at[i].host->own.n + 1 + (n->at[i].host->is_suffix ? MAX_LABEL_BYTES + 1 : 0);
        if (before > longest) longest = before;
    }
    return MAX_HOST_BYTES - longest;
}

// A last label of digits alone would make it an address.
static bool is_domain(str s, size_t max_bytes)
{
    uint64_t number;
    str      last = STR_NONE;
    if (s.n == 0 || s.n > max_bytes) return false;
    for (str rest = s; str_cut(&rest, '.', &last);)
        if (!is_label(last)) return false;
    return !str_to_u64(last, &number);
}

enum err names_own(struct call *c, str domain, uint16_t port, struct names *out)
{
    struct names n = names_azure();
    size_t       max_bytes = max_domain_bytes(&n);
    n.port = port;
    if (!is_domain(domain, max_bytes))
        return FAIL(c, ERR_NAME_INVALID, "'%.*s' is not a domain of at most %zu letters, digits, hyphens and dots.", PSTR(str_upto(domain, 64)),
                    max_bytes);
    if (port == 0) return FAIL(c, ERR_NAME_INVALID, "The names of your own hold the port, so that it cannot be 0: choose one by --port.");
    str lower = call_lower(c, domain);
    if (!lower.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    for (size_t i = 0; i < n.n; i++) {
        const struct host *host = n.at[i].host;
        n.at[i] = (struct name){.host = host, .text = call_format(c, "%.*s.%.*s", PSTR(host->own), PSTR(lower))};
        if (!n.at[i].text.at) return FAIL_PLAIN(c, ERR_NO_MEMORY);
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

static bool is_named(const struct name *name, str host, str *out_label)
{
    *out_label = name->host->is_suffix ? label_before(host, name->text) : STR_NONE;
    if (name->host->is_suffix) return out_label->n > 0;
    for (size_t i = 0; i < NAME_MAX_ALIASES; i++)
        if (name->aliases[i].n && str_eq_nocase(host, name->aliases[i])) return true;
    return str_eq_nocase(host, name->text);
}

static const struct host *find(const struct names *n, str host, str *out_label)
{
    for (size_t i = 0; i < n->n; i++)
        if (is_named(&n->at[i], host, out_label)) return n->at[i].host;
    *out_label = STR_NONE;
    return NULL;
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

const struct host *names_find(const struct names *n, str host, str *out_label)
{
    if (cut_port(&host)) return find(n, host, out_label);
    *out_label = STR_NONE;
    return NULL;
}

const struct name *names_of(const struct names *n, const struct host *host)
{
    static const struct name NONE = {0};
    for (size_t i = 0; i < n->n; i++)
        if (n->at[i].host == host) return &n->at[i];
    assert(!"a host that is in no service's descriptor");
    return &NONE;
}

str names_text(const struct names *n, const struct host *host)
{
    return names_of(n, host)->text;
}

static str url_of(struct call *c, const struct names *n, str label, str host)
{
    const char *dot = label.n ? "." : "";
    if (n->port == HTTPS_PORT) return call_format(c, "https://%.*s%s%.*s", PSTR(label), dot, PSTR(host));
    return call_format(c, "https://%.*s%s%.*s:%u", PSTR(label), dot, PSTR(host), n->port);
}

str names_url(struct call *c, const struct names *n, const struct host *host)
{
    return url_of(c, n, S(""), names_text(n, host));
}

str names_url_label(struct call *c, const struct names *n, const struct host *host, str label)
{
    assert(host->is_suffix);
    return url_of(c, n, label, names_text(n, host));
}

bool names_serves(const struct names *n, str host)
{
    str label;
    return find(n, host, &label) != NULL;
}
