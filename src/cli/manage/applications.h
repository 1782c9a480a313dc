/*
 * applications.h - makes application registrations and app-role assignments that are not there yet, by Graph.
 *
 * As with everything in ensure.h nothing is taken away: URIs, roles and credentials that are there stay.
 *
 * Layer:  cli (uses core)
 */
#pragma once
#include "cli/manage/ensure.h"

#define APPLICATION_MAX_WORDS 64 /* URIs or roles of one command or row */

struct ensure_application {
    str        name;
    const str *uris; /* App ID URIs */
    size_t     uri_n;
    const str *roles; /* values of app roles, for applications and users alike */
    size_t     role_n;
    bool       needs_assignment; /* only those that are assigned get tokens for it */
};
/* The registration and its service principal. Errors: ERR_CONFLICT - several have that name */
FALLIBLE ensure_application(struct cli *cli, const struct ensure_application *wish, struct ensure_result *out);

/* A secret, if the application has none: *out_text is then its text, which is shown only now; else empty. */
FALLIBLE ensure_app_secret(struct cli *cli, struct ensure_result *io_application, str *out_text);
/* A certificate, with whose key the application signs its assertions. It is read before the application is made. */
struct app_certificate {
    str base64; /* DER */
    str sha1;   /* hexadecimal digits */
};
/* The first one of a PEM file. Errors: ERR_USAGE - there is none */
FALLIBLE app_certificate_read(struct call *c, const char *file, struct app_certificate *out);
FALLIBLE ensure_app_certificate(struct cli *cli, const struct app_certificate *certificate, struct ensure_result *io_application);

struct ensure_app_role {
    str principal; /* object id */
    str service;   /* the application's service principal */
    str role;      /* the role's id */
};
/* Finds the role by its value or its display name. Errors: ERR_NOT_FOUND, with the roles that there are */
FALLIBLE app_role_find(struct cli *cli, str application, str role, struct ensure_app_role *out, str *out_value);
FALLIBLE ensure_app_role(struct cli *cli, const struct ensure_app_role *wish, struct ensure_result *out);
/* *out_n: how many assignments there were. */
FALLIBLE ensure_no_app_role(struct cli *cli, const struct ensure_app_role *wish, size_t *out_n);
