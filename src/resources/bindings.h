/*
 * bindings.h - whose tokens a program on the host gets: what it is known by, and the resource that this is bound to.
 *
 * A binding says "who is known by this is the workload of that resource". What a program is known by comes from the
 * kernel, never from what it says. The kinds, the most specific first; the most specific that fits decides alone:
 *
 *     container:ID       its container, by its id or the first 12 or more of its digits
 *     unit:web.service   its systemd unit, of the system's manager
 *     exe:/usr/bin/x     the file that it runs: root's, and writable by nobody else
 *     uid:1001           its user
 *
 * A binding is to one incarnation of a resource: a resource that is made later under the same id does not inherit it.
 *
 * Layer:  resources (uses core)
 * Source: our own; the forms follow what `systemctl`, `docker ps` and `id -u` print
 */
#pragma once
#include "core/call.h"
#include "core/order.h"
#include "core/pack.h"
#include "core/ref.h"

#define BINDING_MAX_BYTES        1024        /* of "kind:value" */
#define BINDING_MAX_UNIT_BYTES   255         /* systemd's */
#define BINDING_CONTAINER_DIGITS 64          /* of a whole container id */
#define BINDING_CONTAINER_LEAST  12          /* what `docker ps` prints: fewer would fit a stranger's container too easily */
#define BINDING_MAX_UID          4294967294u /* the largest that is not (uid_t)-1 */
#define BINDINGS_MAX             4096        /* in one server */

/* In the order in which they are looked for. */
enum binding_kind { BINDING_CONTAINER, BINDING_UNIT, BINDING_EXE, BINDING_UID, BINDING_KIND_N };

struct binding {
    struct ref        ref;
    enum binding_kind kind;
    str               name;     /* "uid:1001"; no two bindings have the same */
    str               resource; /* an ARM id */
    guid              uid;      /* the incarnation of the resource */
    int64_t           created_ns;
};

/* What the kernel says of a program. An empty text: it has none, or none that proves anything. */
struct binding_caller {
    uint32_t uid;
    bool     is_foreign; /* it runs in a container: user 1001 there is another one than user 1001 here, and /usr/bin/x another file */
    str      container;  /* 64 hexadecimal digits, in lower case */
    str      unit;
    str      exe;
};

/*
 * Reads "kind:value" into kind and name, as bindings are kept: the value is checked, and a container's id put into lower
 * case. Lives: *out_name is a copy in the call.
 * Errors: ERR_BINDING_INVALID - the failure says what the kind wants
 */
FALLIBLE binding_parse(struct call *c, str text, enum binding_kind *out_kind, str *out_name);
/* "uid:1001" without its kind. */
str binding_value(const struct binding *b);

/* A copy on the heap with one reference, the caller's; packing for the store. */
FALLIBLE binding_new(struct call *c, const struct binding *plain, struct binding **out);
void     binding_pack(struct buf *b, const struct binding *x);
FALLIBLE binding_unpack(struct call *c, bytes record, struct binding **out);

/* One thread may change the bindings, or any number may read them, at a time. */
struct bindings;
struct bindings *bindings_new(void); /* NULL: no memory */
void             bindings_free(struct bindings *b);
/* A reference is taken; the one of the same name is replaced. False: no memory, nothing changed. */
MUST_USE bool bindings_put(struct bindings *b, struct binding *x);
void          bindings_remove(struct bindings *b, str name);
size_t        bindings_n(const struct bindings *b);
/* Borrowed until the bindings change; NULL if absent. */
const struct binding *bindings_find(const struct bindings *b, str name);
/* In the order of names, from the first past `after`; `visit` answers false to stop. */
void bindings_each(const struct bindings *b, str after, bool (*visit)(const struct binding *x, void *ctx), void *ctx);

/*
 * The binding of a caller: of the first kind that has one for it. Two for different resources, which only prefixes of one
 * container id can be, are a mistake of the operator, and the caller gets neither. Lives: borrowed until the bindings change.
 * Errors: ERR_BINDING_MISSING, ERR_BINDING_AMBIGUOUS (the failure names both)
 */
FALLIBLE bindings_match(struct call *c, const struct bindings *b, const struct binding_caller *who, const struct binding **out);

/*
 * What an operator would bind to give this caller a resource: its container, its service, else its user; never the
 * program's file, which proves least, nor a service that runs the jobs of all users. Lives: the call; empty: nothing could, or no memory.
 */
str binding_suggestion(struct call *c, const struct binding_caller *who);
