/*
 * form.h - a piece of a template with its expressions read: what is evaluated for each turn of a loop.
 *
 * Layer:  template (uses core)
 */
#pragma once
#include "template/expression.h"

struct form_copy;

struct form {
    const struct json       *source;
    const struct json       *literal;       /* of a text that is no expression, and of what is constant: the value */
    bool                     is_constant;   /* nothing to evaluate in it */
    bool                     is_nested;     /* in a nested template that is evaluated by the one around it: texts that it gives are read once more */
    const struct expression *expression;    /* the value is what it comes to */
    struct form             *items;         /* of an array or object, as in `source`; a member "copy" that is a loop has no source */
    const struct expression *const *names;  /* of an object: a member's name that is an expression; NULL where none is one */
    const struct form_copy         *copies; /* of an object: loops that make properties */
    size_t                          copy_n;
    const struct form_copy         *repeat; /* of a resource in a nested template: its loop */
};

struct form_copy {
    str         name;
    struct form count, input;
};

/* The template of a nested deployment, within what is read. */
struct form_nested {
    const struct json *document; /* NULL: there is none */
    bool               is_inner; /* its expressions are its own: it stays as it is written */
};

/*
 * Reads the expressions in `source`; `source` NULL makes a form that is the constant null. `nested` may be NULL.
 * Errors: ERR_TEMPLATE_INVALID
 */
FALLIBLE form_read(struct call *c, const struct json *source, enum expression_place place, const struct form_nested *nested, struct form *out);
