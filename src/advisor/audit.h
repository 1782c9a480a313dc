/*
 * audit.h - what in the state deserves a look: kinds of findings, each a row with a function that looks for them.
 *
 * A finding is about one thing that exists, and says in words what is wrong and what to do. Nothing is changed.
 *
 * Layer:  advisor (uses core, directory, resources, rbac)
 */
#pragma once
#include "directory/directory.h"
#include "rbac/rules.h"

enum audit_severity {
    AUDIT_NOTE,   /* does no harm, but is of no use */
    AUDIT_WARNING /* does something else than it seems to do */
};

/* "note", "warning": the levels of SARIF. */
const char *audit_severity_text(enum audit_severity s);

struct audit_state { /* what is looked at */
    const struct directory  *directory;
    const struct rbac_rules *rules;
};

struct audit_finding {
    str subject; /* the ARM id of what it is about */
    str what;    /* one sentence, or several */
    str advice;  /* what to do about it */
};

/*
 * Sees each candidate once: `finding` is NULL where nothing is wrong with it. `key` tells where to go on; it is valid as
 * long as the state. False ends the walk.
 */
typedef bool audit_visitor(str key, const struct audit_finding *finding, void *context);

struct audit_kind {
    const char         *id; /* in answers and cursors: lower-case letters and dashes */
    enum audit_severity severity;
    const char         *title;
    /* Walks its candidates in the order of their keys, from the first behind `after` (empty: from the first). */
    enum err (*find)(struct call *c, const struct audit_state *s, str after, audit_visitor *see, void *context);
};

extern const struct audit_kind AUDIT_KINDS[];
extern const size_t            AUDIT_KIND_N;

/* Is its principal deleted, or was it never there? */
bool audit_is_orphan(const struct audit_state *s, const struct assignment *a);
