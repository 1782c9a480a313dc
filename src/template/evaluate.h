/*
 * evaluate.h - what an expression, or a piece of a template with expressions in it, comes to.
 *
 * A value is a JSON tree. Each evaluation has a budget of steps and memory, and values have limits of size and depth, so
 * that no template can take more than the named limits, whatever its loops and lambdas do.
 *
 * Layer:  template (uses core)
 */
#pragma once
#include "template/expression.h"
#include "template/template.h"

#define EVALUATION_MAX_DEPTH 400 /* expressions, variables, functions and values inside each other */

struct form;
struct form_copy;
struct instance;

/* A name with a value: a lambda's variable, an argument of a function that the template defines. */
struct binding {
    str                   name;
    const struct json    *value;
    const struct binding *outer;
};

/* A copy loop that is being expanded. */
struct loop {
    str                name;
    int64_t            index;
    bool               is_property; /* copyIndex() without a name means the resource's or output's loop */
    const struct loop *outer;
};

struct evaluation {
    struct call                   *c;
    struct template               *t;
    const struct template_outside *outside;
    const struct loop             *loop;
    const struct binding          *bound;     /* by lambdas */
    const struct binding          *arguments; /* of the template's function, if is_in_function */
    bool                           is_in_function;
    bool                           met_secure;       /* a check against a definition met a secure type */
    bool                           keeps_unresolved; /* what is not known yet stays as it is written */
    bool                           is_partial;       /* something stayed so */
    struct instance               *self;             /* whose dependencies are being collected; NULL: nobody's */
    unsigned                       depth;
    size_t                         steps;
};

void evaluation_begin(struct evaluation *e, struct call *c, struct template *t);

/* Errors: ERR_TEMPLATE_INVALID, ERR_TEMPLATE_NOT_YET, those of template_outside, ERR_NO_MEMORY */
FALLIBLE evaluate(struct evaluation *e, const struct expression *x, const struct json **out);
FALLIBLE evaluate_form(struct evaluation *e, const struct form *f, const struct json **out);
/* An array with what each turn of the loop makes. */
FALLIBLE evaluate_loop(struct evaluation *e, const struct form_copy *copy, bool is_property, const struct json **out);
/* Evaluates for the sake of the dependencies alone: a failure of the template is none here. */
FALLIBLE evaluate_unused(struct evaluation *e, const struct expression *x);
/* A form that must come to a text or an integer; `what` names it. */
FALLIBLE evaluate_text(struct evaluation *e, const struct form *f, const char *what, str *out);
FALLIBLE evaluate_int(struct evaluation *e, const struct form *f, const char *what, int64_t *out);
FALLIBLE evaluate_bool(struct evaluation *e, const struct form *f, const char *what, bool *out);

/* Is there room in the call for whatever one function may make? Errors: ERR_TEMPLATE_INVALID - the template takes too much memory */
FALLIBLE evaluation_room(struct call *c);
/* Takes `steps` from the budget. */
FALLIBLE evaluation_spend(struct evaluation *e, size_t steps);

#define EVALUATION_BYTES_A_STEP 64 /* of text that a function looks at */
/* The same for a search that may compare every byte of one text with every byte of another. */
FALLIBLE evaluation_spend_search(struct evaluation *e, size_t in, size_t what);

/* The same for a name that is looked for among `n` others: next to nothing for names as people write them. */
FALLIBLE evaluation_spend_lookup(struct evaluation *e, size_t n, str name);

/* What is not known while nothing is deployed. */
FALLIBLE evaluation_not_yet(struct evaluation *e);

/* The member or item of a value. Absent: *out is NULL. Errors: ERR_TEMPLATE_INVALID - the value has no such thing by its kind */
FALLIBLE evaluate_access(struct evaluation *e, const struct json *base, const struct json *key, const struct json **out);
