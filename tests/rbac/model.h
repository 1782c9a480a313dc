/*
 * model.h - the decision, slow and obvious: what the engine is compared with.
 *
 * It shares no code with the engine: scopes are compared segment by segment, patterns by
 * trying every way, conditions are trees that are evaluated here and written out for the
 * engine to read. Everything is looked at for every question.
 */
#pragma once
#include "rbac/decide.h"

enum { MODEL_MOST = 64, MODEL_BLOCKS = 3, MODEL_PATTERNS = 4, MODEL_CLAUSES = 3, MODEL_VALUES = 3 };

enum clause_kind { CLAUSE_ALL, CLAUSE_ANY, CLAUSE_ACTION, CLAUSE_SUBOPERATION, CLAUSE_EXISTS, CLAUSE_STRING, CLAUSE_NUMBER };

/* A condition as a tree. */
struct clause {
    enum clause_kind     kind;
    bool                 negated;
    const struct clause *parts[MODEL_CLAUSES];
    size_t               part_n;
    const char          *text; /* a pattern, a suboperation, an attribute's name */
    enum rbac_source     source;
    const char          *op;       /* "StringEquals", "NumericLessThan" ... */
    int                  quantify; /* 0: not; else 1 + left_all + 2 * right_all */
    const char          *values[MODEL_VALUES];
    size_t               value_n;
};

struct model_block {
    const char          *lists[4][MODEL_PATTERNS]; /* actions, notActions, dataActions, notDataActions; NULL ends a list */
    const struct clause *condition;                /* NULL: none */
    bool                 withheld;                 /* condition_unknown */
};

struct model_role {
    guid               id;
    struct model_block blocks[MODEL_BLOCKS];
    size_t             block_n;
};

struct model_assignment {
    guid                 id;
    guid                 who, role;
    const char          *scope;
    const struct clause *condition;
    bool                 condition_broken; /* its text is not well formed */
    int64_t              counts_from, lingers_until;
};

struct model_deny {
    guid               id;
    const char        *scope;
    bool               not_below;
    guid               principals[3], excluded[2];
    size_t             principal_n, excluded_n;
    struct model_block block;
};

struct model_world {
    struct model_role       roles[MODEL_MOST];
    struct model_assignment assignments[MODEL_MOST];
    struct model_deny       denies[MODEL_MOST];
    size_t                  role_n, assignment_n, deny_n;
};

struct model_answer {
    bool             allowed;
    enum rbac_reason reason;
    guid             by[MODEL_MOST]; /* any of them may be named */
    size_t           by_n;
};

void model_decide(const struct model_world *w, const struct rbac_question *q, struct model_answer *out);
/* The block names the question's action on its plane and does not take it away. */
bool model_block_names(const struct model_block *b, const struct rbac_question *q);
/* The condition as text, for the engine. */
void model_write_clause(struct buf *b, const struct clause *clause);
