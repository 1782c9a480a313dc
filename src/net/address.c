#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

struct range {
    uint8_t  at[16];
    unsigned bits;
};

static const struct range SPECIAL_V4[] = {
    {{0}, 8},                // this network
    {{10}, 8},               // private
    {{100, 64}, 10},         // a carrier's own
    {{127}, 8},              // loopback
    {{169, 254}, 16},        // link-local, and clouds' metadata
    {{172, 16}, 12},         // private
    {{192, 0, 0}, 24},       // protocol assignments
    {{192, 0, 2}, 24},       // documentation
    {{192, 88, 99}, 24},     // 6to4 relays, withdrawn
    {{192, 168}, 16},        // private
    {{198, 18}, 15},         // benchmarks
    {{198, 51, 100}, 24},    // documentation
    {{203, 0, 113}, 24},     // documentation
    {{224}, 4},              // multicast
    {{240}, 4},              // reserved, broadcast
};
static const struct range GLOBAL_V6 = {{0x20}, 3};
static const struct range SPECIAL_V6[] = {
    {{0x20, 0x01}, 23},             // protocol assignments, Teredo
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, // documentation
    {{0x20, 0x02}, 16},             // 6to4
    {{0x3f, 0xff}, 20},             // documentation
};

static bool is_in(const struct range *r, const uint8_t *at)
{
    unsigned whole = r->bits / 8, rest = r->bits % 8;
    if (memcmp(r->at, at, whole) != 0) return false;
    return rest == 0 || (r->at[whole] ^ at[whole]) >> (8 - rest) == 0;
}

static bool is_in_any(const struct range *rows, size_t n, const uint8_t *at)
{
    for (size_t i = 0; i < n; i++)
        if (is_in(&rows[i], at)) return true;
    return false;
}

static bool v4_is_public(const void *at)
{
    return !is_in_any(SPECIAL_V4, COUNT(SPECIAL_V4), at);
}

static bool v6_is_public(const void *at)
{
    return is_in(&GLOBAL_V6, at) && !is_in_any(SPECIAL_V6, COUNT(SPECIAL_V6), at);
}

bool net_address_is_public(const struct sockaddr *at)
{
    if (at->sa_family == AF_INET) return v4_is_public(&((const struct sockaddr_in *)at)->sin_addr);
    if (at->sa_family == AF_INET6) return v6_is_public(&((const struct sockaddr_in6 *)at)->sin6_addr);
    return false;
}

bool net_address_text_is_public(str text)
{
    char    ztext[INET6_ADDRSTRLEN] = "";
    uint8_t at[16];
    if (text.n >= sizeof ztext) return false;
    if (text.n) memcpy(ztext, text.at, text.n);
    if (inet_pton(AF_INET, ztext, at) == 1) return v4_is_public(at);
    return inet_pton(AF_INET6, ztext, at) == 1 && v6_is_public(at);
}

bool net_address_text(const struct sockaddr *at, char out[NET_ADDRESS_TEXT_BYTES])
{
    const struct sockaddr_in  *v4 = (const void *)at;
    const struct sockaddr_in6 *v6 = (const void *)at;
    if (at->sa_family == AF_INET) return inet_ntop(AF_INET, &v4->sin_addr, out, NET_ADDRESS_TEXT_BYTES) != NULL;
    if (at->sa_family != AF_INET6) return false;
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) return inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, out, NET_ADDRESS_TEXT_BYTES) != NULL;
    return inet_ntop(AF_INET6, &v6->sin6_addr, out, NET_ADDRESS_TEXT_BYTES) != NULL;
}
