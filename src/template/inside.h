/*
 * inside.h - what the files of this room share: a template as it is read.
 *
 * Layer:  template (uses core)
 */
#pragma once
#include "template/evaluate.h"
#include "template/form.h"

/* Parameters and variables are evaluated when something asks for them; one that comes to itself is a cycle. */
enum lazy_state { LAZY_WAITING, LAZY_BUSY, LAZY_DONE };

enum parameter_type {
    PARAMETER_STRING,
    PARAMETER_INT,
    PARAMETER_BOOL,
    PARAMETER_OBJECT,
    PARAMETER_ARRAY,
    PARAMETER_SECURE_STRING,
    PARAMETER_SECURE_OBJECT
};

struct parameter {
    str                 name;
    const struct json  *declaration;
    const struct json  *given;    /* by the deployment; NULL: nothing */
    struct form         fallback; /* defaultValue */
    bool                has_fallback;
    enum parameter_type type;
    enum lazy_state     state;
    const struct json  *value;
    bool                holds_secure; /* it is secure, or its definition has a member that is */
};

struct variable {
    str                name;
    struct form        form;
    bool               is_loop; /* the form is an object with the loop alone: the value is what the loop makes */
    enum lazy_state    state;
    const struct json *value; /* if LAZY_DONE: it lives as long as the template */
};

struct user_function {
    str                space, name;
    const struct json *parameters; /* [{"name": ..., "type": ...}] */
    struct form        output;
};

#define TEMPLATE_NEED_WORDS ((TEMPLATE_MAX_RESOURCES + 63) / 64)

/* A resource as it is written; in a copy loop it makes several instances. */
struct declaration {
    const struct json        *source;
    const struct declaration *parent;
    str                       path, symbol, type, loop_name;
    struct form               name, condition, scope, count, depends, group, subscription, api_version;
    const struct declaration *next; /* of the template's */
    struct declaration       *children;
    size_t                    child_n;
    struct form               body; /* what is left when all of those are taken out */
    bool                      has_loop, is_existing, is_inner;
    int64_t                   batch; /* how many instances go together; 0: all */
};

struct instance {
    struct template_resource  r;
    const struct declaration *d;
    const struct instance    *parent;
    struct loop               loop; /* meaningful where the declaration, or one around it, has a loop */
    bool                      in_loop;
    str                       base;  /* the scope that its id begins with; "/" for the tenant */
    size_t                    at;    /* in template.instances */
    size_t                    place; /* in template.order */
    uint64_t                 *needs; /* bits: the instances that stand before it */
    const struct json        *body;  /* as far as it is known without a running deployment */
    bool                      is_whole;
};

struct template
{
    struct call          *c; /* what it lives in */
    const struct json    *document;
    const struct json    *definitions;
    struct template_site  site;
    bool                  is_symbolic; /* its resources have symbolic names */
    struct parameter     *parameters;
    size_t                parameter_n;
    struct variable      *variables;
    size_t                variable_n;
    struct user_function *functions;
    size_t                function_n;
    struct declaration   *declarations; /* chained, the last one first */
    struct instance     **instances;    /* as declared */
    size_t                instance_n;
    struct instance     **order; /* each behind what it needs */
    size_t                guids; /* how many newGuid() made */
};

#define AKA_EXPRESSIONS "Please see https://aka.ms/arm-template-expressions for usage details."

/* "at line '3' and column '9'", or "at path 'resources[0]'" where lines are not known. In the call of the template. */
str template_place(const struct template *t, struct call *c, const struct json *value, str path);

/* `got`, with no secret in the words of the failure that it is. */
static inline enum err template_told(struct call *c, const struct template *t, enum err got)
{
    if (got) template_hide_secrets(c, t);
    return got;
}

/*
 * The failure that happened last, if the template is its cause, said again as: "Deployment template validation failed:
 * 'BEFORE <it>. Please see ... for usage details.'." Other kinds of failures stay as they are.
 */
FALLIBLE template_wrap(struct call *c, enum err failed, const char *format, ...) PRINTF_LIKE(3, 4);

/* Errors: ERR_TEMPLATE_INVALID - there is none of that name; a cycle */
FALLIBLE template_parameter_get(struct evaluation *e, str name, const struct json **out);
FALLIBLE template_variable_get(struct evaluation *e, str name, const struct json **out);
/* NULL: there is none. */
const struct user_function *template_function_find(const struct template *t, str space, str name);

/* A section whose members have names; *out NULL: the template has none. Errors: ERR_TEMPLATE_INVALID - it is no object */
FALLIBLE template_section(struct evaluation *e, const char *name, const struct json **out);

/* No more of them than may be; `page` is the one of https://aka.ms that tells of them. Errors: ERR_TEMPLATE_INVALID */
FALLIBLE template_check_count(struct evaluation *e, const char *what, const char *page, size_t n, int limit);

/* Reads the section and evaluates it, or makes it ready to be evaluated. The words of failures are whole. */
FALLIBLE template_parameters_read(struct evaluation *e, const struct json *given);
FALLIBLE template_variables_read(struct evaluation *e);
FALLIBLE template_functions_read(struct evaluation *e);
/* Declares and expands the resources, collects what each needs, and sorts them. */
FALLIBLE template_resources_read(struct evaluation *e);
FALLIBLE template_dependencies_read(struct evaluation *e);
FALLIBLE template_sort(struct evaluation *e);
/* Those of the template and of the resources that are deployed. Errors: ERR_TEMPLATE_INVALID - one does not hold */
FALLIBLE template_asserts_check(struct evaluation *e);

/* Does a value keep a declaration of a type - a parameter's, or one of "definitions"? `name` for the words. */
FALLIBLE schema_check(struct evaluation *e, const struct json *declaration, const struct json *value, str name);
/* The declaration with its "$ref" followed as far as the one that has a type. */
FALLIBLE schema_resolve(struct evaluation *e, const struct json *declaration, const struct json **out);
/* Of the name of a type: "securestring". False: there is none. */
MUST_USE bool schema_type(str name, enum parameter_type *out);
bool          schema_is_secure(enum parameter_type type);
/* "SecureString": as deployments show it. */
const char *schema_type_shown(enum parameter_type type);
/* Is it of that type? */
bool schema_type_fits(enum parameter_type type, const struct json *value);
/* "String, Uri": as messages name it. */
const char *schema_type_expected(enum parameter_type type);

/* " at line '3' and column '9'" of the parameter of that name; empty where it is not known. */
str template_parameter_place(struct evaluation *e, str name);

/* The instance that a symbolic name ("web", "web[2]"), an id or a name means. NULL: none, or several. */
struct instance *template_instance_find(const struct template *t, str reference);
/* Does it mean that instance? For dependsOn, where several may be meant. */
bool template_instance_is(const struct template *t, const struct instance *one, str reference);
/* The declaration of a copy loop with that symbolic name, or loop name. NULL: there is none. */
const struct declaration *template_loop_find(const struct template *t, str name);
/* `e->self` needs that one first. */
void template_need(struct evaluation *e, const struct instance *needed);
