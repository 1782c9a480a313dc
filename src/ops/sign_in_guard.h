/*
 * sign_in_guard.h - after several wrong passwords a user is locked out for a while, so that none can be guessed.
 *
 * Kept in memory only: a restart forgets it. Many users can be watched at once; when the table is full, the one whose last wrong
 * password is longest ago is forgotten. Any thread.
 *
 * Layer:  ops (uses core, directory)
 * Source: https://learn.microsoft.com/entra/identity/authentication/howto-password-smart-lockout (10 failures, 60 seconds). That
 *         each further failure starts the time anew is inferred.
 */
#pragma once
#include <pthread.h>

#include "directory/ids.h"

#define SIGN_IN_MAX_FAILURES 10
#define SIGN_IN_LOCKED_S     60
#define SIGN_IN_MAX_USERS    256

struct sign_in_guard {
    pthread_mutex_t lock;
    struct {
        object_id user;
        unsigned  failures;
        int64_t   last_s;
    } users[SIGN_IN_MAX_USERS];
};

bool sign_in_is_locked(struct sign_in_guard *g, object_id user, int64_t now_s);
/* How a sign-in with a password ended. */
void sign_in_tell(struct sign_in_guard *g, object_id user, bool matched, int64_t now_s);
