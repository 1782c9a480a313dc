/*
 * diagnostic.h - who did what with a target, and who was not allowed to: one record for each operation of a data plane.
 *
 * These records are not durable: they are written some seconds later, with others, and are lost when the server is
 * killed. What was read or written is never in one, nor a query string or a header that may hold a secret.
 *
 * Layer:  log (uses core, directory, resources, rbac, token, store)
 * Source: https://learn.microsoft.com/azure/key-vault/general/logging
 */
#pragma once
#include "directory/ids.h"
#include "log/record.h"

struct diagnostic {
    int64_t   written_ns; /* read: when the record was written */
    guid      id;
    int64_t   time_ns; /* of the request */
    int64_t   took_ns;
    guid      correlation_id;
    uint64_t  dropped;   /* not 0: it stands for so many records that there was no room for, and for nothing else */
    str       category;  /* the service's: "AuditEvent" */
    str       operation; /* "SecretGet" */
    str       resource;  /* the target: the vault's ARM id */
    str       scope;     /* the object's, at which the permission was asked */
    object_id caller;    /* none: the caller was not known */
    client_id app;
    bool      is_allowed; /* the permission was there, whether or not the operation then succeeded */
    bool      by_roles;   /* roles decided; else the service's own rule */
    guid      decided_by; /* the assignment, or the deny, that decided; GUID_NONE: none, or it is not known */
    int64_t   status;     /* HTTP */
    str       result;     /* "OK", or the product's name for the failure: "NOT_AUTHORIZED" */
    str       client;     /* what the caller's program calls itself */
};

extern const struct log_kind LOG_DIAGNOSTIC;

/* The body of a record. Errors: ERR_NO_MEMORY */
FALLIBLE diagnostic_pack(struct call *c, const struct diagnostic *d, str *out);
/* As log_list. */
FALLIBLE diagnostic_list(struct call *c, struct store_session *session, const struct log_range *range, struct diagnostic **out, size_t *out_n,
                         str *out_cursor);
