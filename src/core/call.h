/*
 * call.h - one unit of work: a request, a command, a test.
 *
 * It carries the memory, the time (read once), the randomness, who is asking,
 * the correlation id and the first failure. It belongs to one thread at a time;
 * what must outlive it is copied out of it.
 *
 * Layer:  core
 */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/guid.h"
#include "core/str.h"
#include "core/time.h"

#define FAILURE_TEXT_BYTES 1536

struct caller; /* who is asking: known to ops */
struct random;

struct failure {
    enum err    kind; /* OK: nothing failed */
    const char *file; /* where it was said first */
    int         line;
    char        text[FAILURE_TEXT_BYTES]; /* for a person; never a secret */
    str         details; /* JSON in the call's arena, an array: the failures behind it as their protocol says them, without secrets; empty: none */
};

struct call {
    struct arena         arena;
    int64_t              now_ns; /* since 1970, by the product's clock */
    int64_t              now_s;
    const struct random *random; /* NULL: the operating system's */
    const struct caller *caller;
    guid                 correlation_id;
    struct failure       failure;
    bool                 lacks_texts; /* a text found no room: see call_check_texts */
};

/* `clock` may be NULL: the system's. Dates the call and gives it a correlation id. */
void call_init(struct call *c, const struct clock *clock, const struct random *random);
/* Ready for the next unit of work, its arena still warm. */
void call_reset(struct call *c, const struct clock *clock);
void call_clear(struct call *c);

/* What can fail returns this; the compiler lets nobody ignore it. */
#define FALLIBLE __attribute__((warn_unused_result)) enum err

#define TRY(expression)                    \
    do {                                   \
        enum err tried_ = (expression);    \
        if (tried_ != OK) return tried_;   \
    } while (0)

/* What has failed: where a text is lacking, that, for the failure may come from it. */
#define CALL_CAUSE(c, kind) ((c)->lacks_texts ? ERR_NO_MEMORY : (kind))

/* Records the failure (the first one is kept) and gives its kind back. */
#define FAIL(c, kind, ...)                                                              \
    __extension__({                                                                     \
        enum err kind_ = CALL_CAUSE(c, kind); /* seen by the compiler not to be OK */   \
        call_fail((c), kind_, __FILE__, __LINE__, __VA_ARGS__);        \
        kind_;                                                         \
    })
/* The same in the words of the table. */
#define FAIL_PLAIN(c, kind) FAIL(c, kind, "%s", err_text(kind))

void call_fail(struct call *c, enum err kind, const char *file, int line, const char *format, ...) PRINTF_LIKE(5, 6);

/* A failure that was handled is no failure. */
void call_forgive(struct call *c);

/* Zeroed room for `n` things like **out, in the call's arena. */
#define NEW(c, out, n) call_new((c), (n), sizeof **(out), (void **)(out), __FILE__, __LINE__)
FALLIBLE call_new(struct call *c, size_t n, size_t size, void **out, const char *file, int line);

/* A copy in the call's arena. Errors: ERR_NO_MEMORY */
FALLIBLE call_copy_str(struct call *c, str s, str *out);

/*
 * Texts in the call's arena. One that finds no room is empty (call_zstr: NULL), and the call remembers that until it is
 * reset: call_check_texts fails from then on, and every failure is ERR_NO_MEMORY. So the calls in between need no
 * checks, and an empty text is never taken for a text: decisions, writes to the store and to files, tokens, answers and
 * commands end with call_check_texts.
 */
str call_format(struct call *c, const char *format, ...) PRINTF_LIKE(2, 3);
str call_text(struct call *c, str s); /* a copy */
str call_lower(struct call *c, str s);
/* At most `most` bytes of it with "?" for all that is no printable ASCII: words of a stranger, for a message. */
str call_printable(struct call *c, str s, size_t most);
/* NUL-terminated, for libraries that ask for it. */
const char *call_zstr(struct call *c, str s);

/* Errors: ERR_NO_MEMORY - a text of this call found no room; call_forgive does not change that */
FALLIBLE call_check_texts(struct call *c);
