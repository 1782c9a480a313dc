/*
 * etc.h - the sandbox's /etc: the machine's, with the resolver's files and the certificate authorities' replaced.
 *
 * It is a directory of links to the machine's files, which stand read-only at ETC_MACHINE. So the machine may replace
 * its own resolv.conf while the program runs, as it does at each change of network, and the sandbox's stays.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "core/call.h"

#define ETC_MACHINE "/.etc" /* as deep as /etc, so that links out of it lead where they led */

/* Errors: ERR_IO */
FALLIBLE etc_build(struct call *c, int root, const char *nameserver, str ca_pem);
