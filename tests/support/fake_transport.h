/*
 * fake_transport.h - a transport for the client library's unit tests: it notes the requests and gives replies from a list.
 */
#pragma once
#include "lanyard/identity.h"
#include "lanyard/transport.h"
#include "test.h"

#define FAKE_REPLIES 4

struct fake_reply {
    enum lanyard_result result;    /* other than LANYARD_OK: nothing comes */
    int                 status;    /* 0 with LANYARD_OK: the list ends here, and the reply before is given again */
    const char         *challenge; /* WWW-Authenticate; may be NULL */
    const char         *body;
};

struct fake_transport {
    struct fake_reply        replies[FAKE_REPLIES];
    size_t                   sent;        /* how many requests came */
    char                     seen[16384]; /* of each: "METHOD URL", its headers, its body, one a line */
    struct lanyard_transport transport;
    struct lanyard_settings  settings; /* with the transport; hand these in */
};

/* A transport that gives these replies in turn. */
void fake_transport_init(struct fake_transport *f, const struct fake_reply *replies, size_t n);
/* Whether a request held this text. */
bool fake_saw(const struct fake_transport *f, const char *text);

/* Takes every variable that the library reads out of the environment, and sets "NAME=value" ones, separated by line breaks; PATH leads nowhere. */
void fake_environment(const char *variables);
