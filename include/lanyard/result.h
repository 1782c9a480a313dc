/*
 * lanyard/result.h - how a call of the library ended.
 */
#ifndef LANYARD_RESULT_H
#define LANYARD_RESULT_H

#ifndef LANYARD_API
#define LANYARD_API __attribute__((visibility("default")))
#endif

enum lanyard_result {
    LANYARD_OK = 0,
    LANYARD_NO_SERVER, /* nothing listens on that data directory */
    LANYARD_FORBIDDEN, /* the server belongs to another user */
    LANYARD_REFUSED,   /* the server answered no; the text is its answer */
    LANYARD_BROKEN,    /* the server went away, or answered what cannot be read */
    LANYARD_INVALID,   /* the arguments or settings cannot be used */
    LANYARD_NO_MEMORY,
    LANYARD_TIMED_OUT,            /* the server is there and does not answer, or the caller's own time is over */
    LANYARD_CANCELLED,            /* the caller cancelled it */
    LANYARD_UNAVAILABLE,          /* credential unavailable: it is not configured here, or its endpoint is not there; another one may do */
    LANYARD_AUTHENTICATION_FAILED /* the credential is there, and the token service or the endpoint refused it */
};

#endif
