#include "client/ask.h"

#include <errno.h>
#include <time.h>

#include "client/cancel.h"
#include "client/settings.h"

// A kind of failure that this room does not give to a program stands for LANYARD_BROKEN.
static const struct {
    enum err            kind;
    enum lanyard_result result;
} RESULTS[] = {
    {OK, LANYARD_OK},
    {ERR_CREDENTIAL_UNAVAILABLE, LANYARD_UNAVAILABLE},
    {ERR_AUTHENTICATION_FAILED, LANYARD_AUTHENTICATION_FAILED},
    {ERR_PARAMETER_INVALID, LANYARD_INVALID},
    {ERR_TIMED_OUT, LANYARD_TIMED_OUT},
    {ERR_CANCELLED, LANYARD_CANCELLED},
    {ERR_NO_MEMORY, LANYARD_NO_MEMORY},
    {ERR_IO, LANYARD_BROKEN},
};

enum lanyard_result ask_result(enum err kind)
{
    for (size_t i = 0; i < COUNT(RESULTS); i++)
        if (RESULTS[i].kind == kind) return RESULTS[i].result;
    return LANYARD_BROKEN;
}

enum err ask_kind(enum lanyard_result result)
{
    for (size_t i = 0; i < COUNT(RESULTS); i++)
        if (RESULTS[i].result == result) return RESULTS[i].kind;
    return ERR_IO;
}

static const char *text(struct call *c, const char *z)
{
    const char *copy = z ? call_zstr(c, str_of(z)) : "";
    return copy ? copy : "";
}

void ask_attempted(struct call *c, struct token_ask *ask, const struct lanyard_attempt *attempt)
{
    struct attempts *list = ask->attempts;
    if (list->n == COUNT(list->items)) return;
    list->items[list->n++] = (struct lanyard_attempt){
        .credential = text(c, attempt->credential),
        .source = text(c, attempt->source),
        .result = attempt->result,
        .http_status = attempt->http_status,
        .code = text(c, attempt->code),
        .correlation_id = text(c, attempt->correlation_id),
        .text = text(c, attempt->text),
        .fix = text(c, attempt->fix),
    };
}

enum err ask_refused(struct call *c, struct token_ask *ask, const char *credential, const struct refusal *what, str why)
{
    if (c->failure.kind == ERR_NO_MEMORY) return ERR_NO_MEMORY; // what cannot be read for want of memory is not refused
    struct lanyard_attempt attempt = {.credential = credential,
                                      .source = what->source,
                                      .result = ask_result(what->kind),
                                      .http_status = what->http_status,
                                      .code = call_zstr(c, what->code),
                                      .correlation_id = call_zstr(c, what->correlation_id),
                                      .text = call_zstr(c, why),
                                      .fix = what->fix};
    call_forgive(c); // what led to it is told by `why`
    ask_attempted(c, ask, &attempt);
    settings_log(ask->settings, what->kind == ERR_CREDENTIAL_UNAVAILABLE ? LANYARD_LOG_INFO : LANYARD_LOG_WARNING, "%s: %.*s", credential, PSTR(why));
    return FAIL(c, what->kind, "%.*s", PSTR(why));
}

moment moment_now(void)
{
    struct timespec boot;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return (moment){.wall_s = time(NULL), .boot_s = boot.tv_sec}; // the coarse clock of the wall: a fifth of the cost
}

static int64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

struct patience patience_of(unsigned timeout_ms, const struct lanyard_cancel *cancel)
{
    return (struct patience){.until_ns = timeout_ms ? monotonic_ns() + timeout_ms * NS_PER_MS : INT64_MAX, .cancel = cancel};
}

struct patience patience_within(const struct patience *p, unsigned timeout_ms)
{
    struct patience within = patience_of(timeout_ms, p->cancel);
    if (within.until_ns > p->until_ns) within.until_ns = p->until_ns;
    return within;
}

unsigned patience_left_ms(const struct patience *p, unsigned most_ms)
{
    if (cancel_is_set(p->cancel)) return 0;
    if (p->until_ns == INT64_MAX) return most_ms;
    int64_t left = p->until_ns - monotonic_ns();
    if (left <= 0) return 0;
    int64_t ms = (left + NS_PER_MS - 1) / NS_PER_MS;
    return ms < most_ms ? (unsigned)ms : most_ms;
}

enum err patience_check(struct call *c, const struct patience *p)
{
    if (cancel_is_set(p->cancel)) return FAIL_PLAIN(c, ERR_CANCELLED);
    if (patience_left_ms(p, 1) == 0) return FAIL_PLAIN(c, ERR_TIMED_OUT);
    return OK;
}

enum err patience_sleep(struct call *c, const struct patience *p, unsigned ms)
{
    struct patience nap = patience_within(p, ms);
    for (unsigned slice; ms && (slice = patience_left_ms(&nap, CANCEL_LOOK_MS)) > 0;) {
        struct timespec t = {.tv_nsec = slice * NS_PER_MS};
        nanosleep(&t, NULL); // a signal of the program's ends a slice early, which does no harm
    }
    return patience_check(c, p);
}

struct lanyard_cancel *lanyard_cancel_new(void)
{
    return calloc(1, sizeof(struct lanyard_cancel));
}

void lanyard_cancel_set(struct lanyard_cancel *cancel)
{
    if (cancel) atomic_store_explicit(&cancel->is_set, true, memory_order_release);
}

void lanyard_cancel_free(struct lanyard_cancel *cancel)
{
    free(cancel);
}
