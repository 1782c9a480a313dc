#include "core/guid.h"

#include "core/call.h"
#include "core/random.h"

#define DASH_BEFORE (1u << 4 | 1u << 6 | 1u << 8 | 1u << 10) // bytes that a dash stands in front of

static bool dash_before(size_t byte)
{
    return DASH_BEFORE >> byte & 1;
}

bool guid_parse(str text, guid *out)
{
    guid   g;
    size_t at = 0;
    if (text.n != GUID_TEXT_BYTES) return false;
    for (size_t i = 0; i < sizeof g.b; i++) {
        if (dash_before(i) && text.at[at++] != '-') return false;
        int high = char_hex(text.at[at++]);
        int low = char_hex(text.at[at++]);
        if (high < 0 || low < 0) return false;
        g.b[i] = (uint8_t)(high << 4 | low);
    }
    *out = g;
    return true;
}

static struct guid_text write_text(guid g, bool dashes)
{
    static const char HEX[] = "0123456789abcdef";
    struct guid_text  t = {0};
    char             *p = t.s;
    for (size_t i = 0; i < sizeof g.b; i++) {
        if (dashes && dash_before(i)) *p++ = '-';
        *p++ = HEX[g.b[i] >> 4];
        *p++ = HEX[g.b[i] & 15];
    }
    return t;
}

struct guid_text guid_text(guid g)
{
    return write_text(g, true);
}

struct guid_text guid_digits(guid g)
{
    return write_text(g, false);
}

str guid_str(struct call *c, guid g)
{
    struct guid_text t = guid_text(g);
    return call_text(c, (str){t.s, GUID_TEXT_BYTES});
}

guid guid_new(struct call *c)
{
    guid g;
    random_fill(c->random, g.b, sizeof g.b);
    g.b[6] = (uint8_t)((g.b[6] & 0x0f) | 0x40);
    g.b[8] = (uint8_t)((g.b[8] & 0x3f) | 0x80);
    return g;
}
