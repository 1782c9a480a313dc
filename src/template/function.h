/*
 * function.h - the functions of the template language: a row each.
 *
 * A row says what its arguments are, so that a function finds them as it needs them. The rows stand in tables by subject
 * (functions_*.c); function_find knows the tables.
 *
 * Layer:  template (uses core)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions
 */
#pragma once
#include "template/evaluate.h"

#define ARGUMENTS_MANY 255

typedef enum err function_run(struct evaluation *e, const struct function *f, const struct json *const *args, size_t n, const struct json **out);
/* For those that do not evaluate all arguments first, and for those that take a lambda. */
typedef enum err function_run_form(struct evaluation *e, const struct expression *call, const struct json **out);

struct function {
    const char *name;
    /* A letter an argument, the last one for all that follow: s text, i integer, n text or integer, b boolean, a array,
       o object, l text, array or object, c array or object, z what may also be null of l, v anything, f a lambda. */
    const char        *takes;
    uint8_t            least, most; /* arguments */
    uint8_t            places;      /* where it is allowed: enum expression_place */
    function_run      *run;
    function_run_form *run_form; /* instead of `run` */
};

/* Without case; NULL: there is none. All names that begin with "list" are one row. */
const struct function *function_find(str name);

struct function_table {
    const struct function *rows;
    size_t                 n;
};
extern const struct function_table FUNCTIONS_TEXT, FUNCTIONS_CODING, FUNCTIONS_NUMBERS, FUNCTIONS_LOGIC, FUNCTIONS_COLLECTIONS, FUNCTIONS_OBJECTS,
    FUNCTIONS_LAMBDAS, FUNCTIONS_DATES, FUNCTIONS_SCOPES, FUNCTIONS_RESOURCES, FUNCTIONS_VALUES, FUNCTIONS_CIDR, FUNCTIONS_PROVIDERS;

/* The failure of a function: its name, then the words. */
#define FAIL_FUNCTION(e, f, format, ...) \
    FAIL((e)->c, ERR_TEMPLATE_INVALID, "Unable to evaluate template language function '%s': " format " Please see https://aka.ms/arm-functions for usage details.", (f)->name, ##__VA_ARGS__)
