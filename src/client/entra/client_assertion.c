// An application that proves who it is by an assertion which the program makes itself.
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "client/cancel.h"
#include "client/entra/client.h"
#include "client/request_text.h"

#define ASSERTION_MAX_BYTES ((size_t)16 << 10)

static const char NAME[] = "ClientAssertionCredential";

struct client_assertion {
    struct entra_client         client;
    lanyard_assertion_function *make;
    void                       *context;
    pthread_mutex_t             one_at_a_time;
    bool                        has_mutex;
};

static enum err kind_of(enum lanyard_result result)
{
    if (result == LANYARD_UNAVAILABLE) return ERR_CREDENTIAL_UNAVAILABLE;
    if (result == LANYARD_TIMED_OUT) return ERR_TIMED_OUT;
    return result == LANYARD_CANCELLED ? ERR_CANCELLED : ERR_AUTHENTICATION_FAILED;
}

// Whose turn it is may take long: who waits for it keeps his deadline and his cancel.
static enum err take_turn(struct call *c, struct client_assertion *me, const struct patience *patience)
{
    for (int got = ETIMEDOUT; got != 0;) {
        struct timespec until;
        TRY(patience_check(c, patience));
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t ns = until.tv_nsec + patience_left_ms(patience, CANCEL_LOOK_MS) * NS_PER_MS;
        until.tv_sec += ns / NS_PER_S;
        until.tv_nsec = ns % NS_PER_S;
        got = pthread_mutex_clocklock(&me->one_at_a_time, CLOCK_MONOTONIC, &until);
        if (got && got != ETIMEDOUT) return FAIL(c, ERR_IO, "The turn of the program's function cannot be waited for: %s.", strerror(got));
    }
    enum err given_up = patience_check(c, patience);
    if (given_up) pthread_mutex_unlock(&me->one_at_a_time);
    return given_up;
}

static enum err prove(struct call *c, struct trial *t, struct entra_client *client, str audience, struct entra_proof *out)
{
    struct client_assertion *me = CONTAINER_OF(client, struct client_assertion, client);
    char                    *room;
    (void)audience;
    TRY(NEW(c, &room, ASSERTION_MAX_BYTES));
    TRY(take_turn(c, me, &t->ask->patience));
    enum lanyard_result result = me->make(room, ASSERTION_MAX_BYTES, me->context);
    pthread_mutex_unlock(&me->one_at_a_time);
    str given = {room, strnlen(room, ASSERTION_MAX_BYTES)};
    if (result == LANYARD_NO_MEMORY) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (result != LANYARD_OK) {
        str why = reply_words(c, given);
        return trial_refused(c, t, kind_of(result), "", "%.*s", PSTR(str_empty(why) ? S("The program's function gave no assertion.") : why));
    }
    if (!is_word(given, ASSERTION_MAX_BYTES - 1))
        return trial_refused(c, t, ERR_AUTHENTICATION_FAILED, "Let the function write a JWT, with a NUL behind it.",
                             "The program's function gave no text that can be an assertion.");
    out->assertion = given;
    return OK;
}

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    struct client_assertion *me = credential_own(self);
    return entra_acquire(c, &(struct trial){.ask = ask, .credential = NAME, .source = ""}, &me->client, out);
}

static void clear(void *own)
{
    struct client_assertion *me = own;
    if (me->has_mutex) pthread_mutex_destroy(&me->one_at_a_time);
}

static const struct credential_kind KIND = {.name = NAME, .acquire = acquire, .clear = clear};

struct lanyard_credential *lanyard_client_assertion(const char *tenant_id, const char *client_id, lanyard_assertion_function *assertion,
                                                    void *context, const struct lanyard_settings *settings)
{
    struct lanyard_credential *self = credential_new(&KIND, sizeof(struct client_assertion), settings);
    if (!self) return NULL;
    struct client_assertion *me = credential_own(self);
    entra_client_init(self, &me->client, str_of(tenant_id), str_of(client_id));
    me->client.prove = prove;
    me->make = assertion;
    me->context = context;
    me->has_mutex = pthread_mutex_init(&me->one_at_a_time, NULL) == 0;
    if (!assertion) credential_broken(self, "The function that makes assertions is missing.");
    if (!me->has_mutex) credential_broken(self, "Out of memory.");
    return credential_made(self);
}
