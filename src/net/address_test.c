#include "net/address.h"

#include <netinet/in.h>
#include <sys/un.h>

#include "test.h"

TEST(net_addresses_of_special_use_are_not_public)
{
    static const struct { const char *text; bool is_public; } CASES[] = {
        {"0.0.0.0", false}, {"0.1.2.3", false}, {"1.0.0.0", true}, {"8.8.8.8", true},
        {"9.255.255.255", true}, {"10.0.0.0", false}, {"10.255.255.255", false}, {"11.0.0.0", true},
        {"100.63.255.255", true}, {"100.64.0.0", false}, {"100.127.255.255", false}, {"100.128.0.0", true},
        {"126.255.255.255", true}, {"127.0.0.1", false}, {"127.255.255.255", false}, {"128.0.0.0", true},
        {"169.253.255.255", true}, {"169.254.169.254", false}, {"169.254.0.0", false}, {"169.255.0.0", true},
        {"172.15.255.255", true}, {"172.16.0.0", false}, {"172.31.255.255", false}, {"172.32.0.0", true},
        {"192.0.0.8", false}, {"192.0.1.0", true}, {"192.0.2.1", false}, {"192.88.99.1", false}, {"192.167.255.255", true},
        {"192.168.0.0", false}, {"192.168.255.255", false}, {"192.169.0.0", true},
        {"198.17.255.255", true}, {"198.18.0.0", false}, {"198.19.255.255", false}, {"198.20.0.0", true},
        {"198.51.100.7", false}, {"203.0.113.7", false}, {"203.0.114.0", true},
        {"223.255.255.255", true}, {"224.0.0.1", false}, {"239.255.255.255", false}, {"240.0.0.0", false}, {"255.255.255.255", false},
        {"::", false}, {"::1", false}, {"::ffff:8.8.8.8", false}, {"::ffff:127.0.0.1", false}, {"::7f00:1", false},
        {"64:ff9b::7f00:1", false}, {"64:ff9b:1::1", false}, {"100::1", false}, {"1fff:ffff::", false},
        {"2000::", true}, {"2001::1", false}, {"2001:1ff:ffff::", false}, {"2001:200::", true}, {"2001:db8::1", false}, {"2001:db9::", true},
        {"2002:7f00:1::", false}, {"2003::1", true}, {"2606:4700::1111", true}, {"3fff::1", false}, {"3fff:fff:ffff::", false}, {"3fff:1000::", true},
        {"4000::", false}, {"5f00::1", false}, {"fc00::1", false}, {"fd12:3456::1", false}, {"fe80::1", false}, {"fec0::1", false}, {"ff02::1", false},
        {"", false}, {"localhost", false}, {"127.1", false}, {"fe80::1%lo", false}, {"8.8.8.8 ", false},
        {"2606:4700:0000:0000:0000:0000:0000:0000:0000:1111", false},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_INT(net_address_text_is_public(str_of(CASES[i].text)), CASES[i].is_public, CASES[i].text);
}

TEST(net_sockets_addresses_are_told_by_their_family)
{
    struct sockaddr_in  v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x08080808)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {0x20, 0x03, [15] = 1}};
    struct sockaddr_un  local = {.sun_family = AF_UNIX};
    CHECK(net_address_is_public((const struct sockaddr *)&v4));
    CHECK(net_address_is_public((const struct sockaddr *)&v6));
    CHECK(!net_address_is_public((const struct sockaddr *)&local));
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v6.sin6_addr = in6addr_loopback;
    CHECK(!net_address_is_public((const struct sockaddr *)&v4));
    CHECK(!net_address_is_public((const struct sockaddr *)&v6));
}

TEST(net_addresses_are_written_without_their_port)
{
    struct sockaddr_in  v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000207), .sin_port = htons(80)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
    struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {[10] = 0xff, 0xff, 192, 0, 2, 7}};
    struct sockaddr_un  local = {.sun_family = AF_UNIX};
    char                text[NET_ADDRESS_TEXT_BYTES];
    CHECK(net_address_text((const struct sockaddr *)&v4, text) && str_eq(str_of(text), S("192.0.2.7")));
    CHECK(net_address_text((const struct sockaddr *)&v6, text) && str_eq(str_of(text), S("2001:db8::1")));
    CHECK(net_address_text((const struct sockaddr *)&mapped, text) && str_eq(str_of(text), S("192.0.2.7")));
    CHECK(!net_address_text((const struct sockaddr *)&local, text));
}
