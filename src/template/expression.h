/*
 * expression.h - the expressions of a template, read into a tree once and evaluated as often as needed.
 *
 *     expression = call | text | integer, each followed by any number of accesses
 *     call       = [ namespace "." ] name "(" [ expression { "," expression } ] ")"
 *     access     = "." name | ".?" name | "[" expression "]" | "[?" expression "]"
 *     text       = "'" with "''" for a quote "'"
 *
 * ".?" and "[?" give null where nothing is, and then the accesses behind them give null too.
 *
 * Layer:  template (uses core)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions,
 *         https://learn.microsoft.com/azure/azure-resource-manager/bicep/operator-safe-dereference
 */
#pragma once
#include "core/json.h"

#define EXPRESSION_MAX_DEPTH 100

struct function;

enum expression_kind { EXPRESSION_LITERAL, EXPRESSION_CALL, EXPRESSION_USER_CALL, EXPRESSION_ACCESS };

struct expression {
    enum expression_kind     kind;
    struct json              literal;  /* a text or an integer */
    str                      name;     /* of a call, as written */
    str                      space;    /* the namespace of a function that the template defines */
    bool                     is_safe;  /* of an access */
    const struct function   *function; /* of a call */
    const struct expression *args;     /* of a call, chained by `next`; of an access what is accessed, then the name or index */
    size_t                   arg_n;
    const struct expression *next;
};

/* Where an expression stands: what may be called there. Bits. */
enum expression_place {
    IN_DEFAULT = 1, /* of a parameter */
    IN_VARIABLE = 2,
    IN_HEAD = 4, /* of a resource: what is known before anything is deployed - name, condition, copy, dependsOn */
    IN_BODY = 8, /* of a resource */
    IN_OUTPUT = 16,
    IN_FUNCTION = 32 /* that the template defines */
};
#define IN_ANY (IN_DEFAULT | IN_VARIABLE | IN_HEAD | IN_BODY | IN_OUTPUT | IN_FUNCTION)

/* Is this text of a template an expression? "[[...]" is a text that begins with "[". */
bool expression_is(str text);

/*
 * Reads an expression with its brackets. Every function in it must exist, take as many arguments, and be allowed at `place`.
 * Errors: ERR_TEMPLATE_INVALID
 */
FALLIBLE expression_read(struct call *c, str text, enum expression_place place, const struct expression **out);
