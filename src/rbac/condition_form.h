/*
 * condition_form.h - the compiled form of a condition, between its reader and its evaluator.
 *
 * Everything is an index or an offset, so a form is moved by copying its bytes.
 *
 * Layer:  rbac (uses core)
 */
#pragma once
#include "core/guid.h"
#include "rbac/condition.h"
#include "rbac/role.h"

#define CONDITION_MAX_LITERALS (CONDITION_MAX_BYTES / 2)

struct cut { /* a piece of the condition's text */
    uint16_t at, n;
};

enum literal_type { LITERAL_STRING, LITERAL_INTEGER, LITERAL_BOOL, LITERAL_GUID, LITERAL_TIME };

struct literal {
    enum literal_type type;
    struct cut        text;
    int64_t           number; /* integers, booleans; times in ns since 1970 */
    guid              g;
};

/* What an operator compares. */
enum operand_class { CLASS_STRING, CLASS_INTEGER, CLASS_TIME, CLASS_BOOL, CLASS_GUID };
enum relation { REL_EQUAL, REL_STARTS, REL_LIKE, REL_LESS, REL_LESS_EQUAL, REL_GREATER, REL_GREATER_EQUAL };

struct operator
{
    const char        *name;
    enum operand_class type;
    enum relation      relation;
    bool               negated;
    bool               nocase;
    bool               quantifiable;
};

struct operand {
    bool             is_attribute;
    bool             wants_keys; /* "path&$keys$&": the keys of a bag of tags */
    bool             exact_key;  /* the part behind ":" is compared with case */
    enum rbac_source source;
    struct cut       name;     /* path and property, without markers */
    uint16_t         path_n;   /* bytes of the name before ":"; all of it if there is none */
    uint16_t         first, n; /* literals */
};

enum node_kind { NODE_ALL, NODE_ANY, NODE_COMPARISON, NODE_EXISTS, NODE_ACTION, NODE_SUBOPERATION, NODE_CONSTANT };

#define NODE_NONE UINT16_MAX

struct node {
    enum node_kind kind;
    bool           negated;
    bool           quantified;          /* ForAnyOfAnyValues: and the like */
    bool           left_all, right_all; /* ForAll... / ...AllValues */
    enum truth     constant;
    uint16_t       first, next; /* groups: the first part; every part: the one after it */
    struct cut     text;
    struct operand left, right;  /* functions: only left, a literal */
    const struct   operator* op; /* comparisons */
};

struct condition {
    str                   text;
    const struct node    *nodes;
    const struct literal *literals;
    size_t                node_n, literal_n;
    uint16_t              root;
};

struct condition_fault {
    size_t      at; /* byte offset */
    const char *expected;
};

/* Room for the largest condition; large, so it is not kept. */
struct condition_scratch {
    struct node    nodes[CONDITION_MAX_PARTS];
    struct literal literals[CONDITION_MAX_LITERALS];
};

/* Reads `text` into the scratch; *out looks into both. False: *out_fault says where and why. */
MUST_USE bool condition_read(str text, struct condition_scratch *scratch, struct condition *out, struct condition_fault *out_fault);

/*
 * Does every attribute and suboperation in it have a published name, source and type? False: *out_fault
 * says where and why. The names are one table; what a condition asks that is not in it no service tells.
 * Source: https://learn.microsoft.com/azure/role-based-access-control/conditions-authorization-actions-attributes,
 *         https://learn.microsoft.com/azure/storage/blobs/storage-auth-abac-attributes,
 *         https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions,
 *         https://learn.microsoft.com/azure/azure-monitor/logs/granular-rbac-log-analytics
 */
MUST_USE bool condition_names_check(const struct condition *condition, struct condition_fault *out_fault);

/* The operations whose requests can carry an attribute: what any of the patterns names, on the one plane. */
struct condition_carriers {
    enum rbac_plane plane;
    str             patterns[2];
    size_t          n;
};

/*
 * What carries the attribute. NULL: the operand is none, it is not published, or it belongs to the caller or the
 * connection and not to an operation.
 */
const struct condition_carriers *condition_carriers_of(const struct condition *condition, const struct operand *o);

static inline str condition_text(const struct condition *condition, struct cut c)
{
    return (str){condition->text.at + c.at, c.n};
}
