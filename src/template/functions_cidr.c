// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-cidr
#include "core/buf.h"
#include "template/function.h"
#include "template/value.h"

typedef unsigned __int128 address;

#define V4_BITS   32
#define V6_BITS   128
#define V6_GROUPS 8

struct network {
    address  at; /* the first of its addresses */
    unsigned bits, prefix;
};

static address all_ones(unsigned n)
{
    return n == 0 ? 0 : ~(address)0 >> (V6_BITS - n);
}

static bool read_v4(str s, address *out)
{
    unsigned n = 0;
    *out = 0;
    for (str piece; str_cut(&s, '.', &piece); n++) {
        uint64_t part;
        if (piece.n > 3 || !str_to_u64(piece, &part) || part > 255) return false;
        *out = *out << 8 | part;
    }
    return n == 4;
}

// The groups of one side of "::", or all of them.
static bool read_groups(str s, address *out, unsigned *n)
{
    *out = 0;
    *n = 0;
    if (str_empty(s)) return true;
    for (str piece; str_cut(&s, ':', &piece); ++*n) {
        if (str_empty(piece) || piece.n > 4 || *n == V6_GROUPS) return false;
        unsigned group = 0;
        for (size_t i = 0; i < piece.n; i++) {
            int digit = char_hex(piece.at[i]);
            if (digit < 0) return false;
            group = group << 4 | (unsigned)digit;
        }
        *out = *out << 16 | group;
    }
    return true;
}

static bool read_v6(str s, address *out)
{
    size_t   gap = str_find_str(s, S("::"));
    address  left, right;
    unsigned left_n, right_n;
    if (gap == STR_NOWHERE) return read_groups(s, out, &left_n) && left_n == V6_GROUPS;
    if (!read_groups(str_upto(s, gap), &left, &left_n) || !read_groups(str_from(s, gap + 2), &right, &right_n) || left_n + right_n >= V6_GROUPS)
        return false;
    *out = left_n ? left << 16 * (V6_GROUPS - left_n) | right : right;
    return true;
}

static enum err read_network(struct evaluation *e, const struct function *f, str text, struct network *out)
{
    size_t   slash = str_find(text, '/');
    uint64_t prefix = 0;
    str      host = str_upto(text, slash);
    bool     is_v4 = str_find(host, ':') == STR_NOWHERE;
    *out = (struct network){.bits = is_v4 ? V4_BITS : V6_BITS};
    bool is_read = slash != STR_NOWHERE && str_to_u64(str_from(text, slash + 1), &prefix) && prefix <= out->bits &&
                   (is_v4 ? read_v4(host, &out->at) : read_v6(host, &out->at));
    if (!is_read) return FAIL_FUNCTION(e, f, "the argument is not a range of addresses in CIDR notation.");
    out->prefix = (unsigned)prefix;
    out->at &= ~all_ones(out->bits - out->prefix);
    return OK;
}

// RFC 5952: the longest run of zero groups, of two at least, is "::".
static void add_v6(struct buf *b, address a)
{
    unsigned gap = V6_GROUPS, gap_n = 1, run = 0;
    for (unsigned i = 0; i < V6_GROUPS; i++) {
        run = (uint16_t)(a >> 16 * (V6_GROUPS - 1 - i)) == 0 ? run + 1 : 0;
        if (run > gap_n) gap_n = run, gap = i + 1 - run;
    }
    for (unsigned i = 0; i < V6_GROUPS; i++) {
        if (i == gap) {
            buf_add(b, S("::"));
            i += gap_n - 1;
            continue;
        }
        if (i > 0 && i != gap + gap_n) buf_add_char(b, ':');
        buf_addf(b, "%x", (unsigned)(uint16_t)(a >> 16 * (V6_GROUPS - 1 - i)));
    }
}

static str address_text(struct evaluation *e, const struct network *of, address a)
{
    struct buf b;
    buf_init(&b, &e->c->arena);
    if (of->bits == V6_BITS) add_v6(&b, a);
    else buf_addf(&b, "%u.%u.%u.%u", (unsigned)(a >> 24 & 255), (unsigned)(a >> 16 & 255), (unsigned)(a >> 8 & 255), (unsigned)(a & 255));
    return buf_text(e->c, &b);
}

static enum err add_address(struct evaluation *e, struct json *object, const char *name, const struct network *of, address a)
{
    const struct json *text;
    TRY(value_text(e, address_text(e, of, a), &text));
    json_object_add(object, str_of(name), text);
    return OK;
}

static enum err parse_cidr(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct network     net;
    struct json       *parts;
    const struct json *prefix;
    (void)n;
    TRY(read_network(e, f, json_str(args[0]), &net));
    address last = net.at | all_ones(net.bits - net.prefix);
    bool    has_ends = net.bits == V4_BITS && net.prefix < V4_BITS - 1; // the first and last of a range of IPv4 are no hosts
    TRY(value_object_new(e, 6, &parts));
    TRY(add_address(e, parts, "network", &net, net.at));
    TRY(add_address(e, parts, "netmask", &net, all_ones(net.bits) & ~all_ones(net.bits - net.prefix)));
    if (net.bits == V4_BITS) TRY(add_address(e, parts, "broadcast", &net, last));
    TRY(add_address(e, parts, "firstUsable", &net, has_ends ? net.at + 1 : net.at));
    TRY(add_address(e, parts, "lastUsable", &net, has_ends ? last - 1 : last));
    TRY(value_int(e, net.prefix, &prefix));
    json_object_add(parts, S("cidr"), prefix);
    return value_made(e, parts, out);
}

static enum err cidr_subnet(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct network net;
    int64_t        prefix = args[1]->u.integer, index = args[2]->u.integer;
    (void)n;
    TRY(read_network(e, f, json_str(args[0]), &net));
    if (prefix < net.prefix || prefix > net.bits) return FAIL_FUNCTION(e, f, "the new prefix must be from '%u' to '%u'.", net.prefix, net.bits);
    unsigned more = (unsigned)prefix - net.prefix;
    if (index < 0 || (address)index > all_ones(more))
        return FAIL_FUNCTION(e, f, "the index '%lld' is out of the range of subnets.", (long long)index);
    address at = prefix == 0 ? net.at : net.at | (address)index << (net.bits - (unsigned)prefix) % V6_BITS;
    return value_text(e, call_format(e->c, "%.*s/%lld", PSTR(address_text(e, &net, at)), (long long)prefix), out);
}

static enum err cidr_host(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out)
{
    struct network net;
    int64_t        index = args[1]->u.integer;
    (void)n;
    TRY(read_network(e, f, json_str(args[0]), &net));
    address hosts = all_ones(net.bits - net.prefix); // the last one of IPv4 is the broadcast address
    if (index < 0 || (address)index >= hosts - (net.bits == V4_BITS && hosts > 0))
        return FAIL_FUNCTION(e, f, "the index '%lld' is out of the range of hosts.", (long long)index);
    return value_text(e, address_text(e, &net, net.at + (address)index + 1), out);
}

static const struct function ROWS[] = {
    {"parseCidr",  "s",   1, 1, IN_ANY, parse_cidr},
    {"cidrSubnet", "sii", 3, 3, IN_ANY, cidr_subnet},
    {"cidrHost",   "si",  2, 2, IN_ANY, cidr_host},
};
const struct function_table FUNCTIONS_CIDR = {ROWS, COUNT(ROWS)};
