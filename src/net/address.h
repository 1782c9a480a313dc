/*
 * address.h - which addresses are of the public internet.
 *
 * A server that calls where its users tell it to must not become their way to its own
 * neighbours: loopback, private networks, a cloud's metadata service.
 *
 * Layer:  net (uses core)
 * Source: https://www.iana.org/assignments/iana-ipv4-special-registry,
 *         https://www.iana.org/assignments/iana-ipv6-special-registry
 */
#pragma once
#include <sys/socket.h>

#include "core/str.h"

/*
 * True for an address that anybody on the internet may be reached at. False for all others: those of special use,
 * multicast, IPv6 outside of 2000::/3, of other families than IPv4 and IPv6. An IPv4 address inside an IPv6 one
 * (mapped, translated, 6to4, Teredo) is never public here: whoever needs it can name it directly.
 */
bool net_address_is_public(const struct sockaddr *at);
/* The same for the text of an address; false for what is none. */
bool net_address_text_is_public(str text);

#define NET_ADDRESS_TEXT_BYTES 46
/* "192.0.2.7", "2001:db8::1", without the port; of an IPv4 address inside an IPv6 one (mapped) the IPv4 one. False: of another family. */
MUST_USE bool net_address_text(const struct sockaddr *at, char out[NET_ADDRESS_TEXT_BYTES]);
