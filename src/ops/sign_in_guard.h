/*
 * sign_in_guard.h - bounds how often passwords can be guessed: for one user, and from one source.
 *
 * A user who failed SIGN_IN_MAX_FAILURES times in a row is locked for SIGN_IN_LOCKED_S, and so anew with each further failure. A
 * source - an address, or the resource whose workload asks - has SIGN_IN_SOURCE_TRIES failures, of any users and of names that
 * nobody has, and gets one back every SIGN_IN_SOURCE_REST_S. Each is counted before the password is judged and taken back if it is right:
 * tries at the same time cannot pass the bound together. IPv6 addresses of one network (64 bits) are one source.
 *
 * Kept in memory only: a restart forgets it. A place in the tables is given up only when it locks
 * nobody: no number of users or sources makes it forget one that is locked. Where there is no such place the try is refused. Any thread.
 *
 * Layer:  ops (uses core, directory)
 * Source: https://learn.microsoft.com/entra/identity/authentication/howto-password-smart-lockout (10 failures, 60 seconds). That
 *         each further failure starts the time anew, and the bound of sources, are inferred.
 */
#pragma once
#include <pthread.h>

#include "core/str.h"
#include "directory/ids.h"

#define SIGN_IN_MAX_FAILURES  10
#define SIGN_IN_LOCKED_S      60
#define SIGN_IN_MAX_USERS     4096
#define SIGN_IN_SOURCE_TRIES  100
#define SIGN_IN_SOURCE_REST_S 6
#define SIGN_IN_MAX_SOURCES   1024
#define SIGN_IN_SOURCE_BYTES  64 /* of a source's text; longer ones are told apart by their last bytes */

struct sign_in_guard {
    pthread_mutex_t lock;
    struct sign_in_user {
        object_id user;
        unsigned  failures;
        int64_t   last_s;
    } users[SIGN_IN_MAX_USERS];
    struct sign_in_source {
        char    text[SIGN_IN_SOURCE_BYTES];
        size_t  n;
        int64_t spent_until_s; /* all tries are back at that time */
    } sources[SIGN_IN_MAX_SOURCES];
};

/*
 * Begins a try: counts it as a failure of the user's (no id: nobody's) and of the source's. False: it is refused, without a look at the
 * password, and nothing is counted but that it locks a locked user for no longer.
 */
MUST_USE bool sign_in_begin(struct sign_in_guard *g, object_id user, str source, int64_t now_s);
/* The password of that try was right: it is no failure, and the user has none. */
void sign_in_was_right(struct sign_in_guard *g, object_id user, str source);
/* What counts as one source of that address or resource. Lives: the argument. */
str sign_in_source(str text);
