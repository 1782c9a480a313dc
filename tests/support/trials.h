/*
 * trials.h - trials: each indirect effect of an op is tried by principals that could gain from it.
 *
 * A trial names an op, one of its effects, what exists before, and the action that the effect would
 * allow. A principal that could not do the action before, and could not have granted it to itself,
 * must not be able to do it afterwards. endpoints/effects_test.c runs the trials; see ops/effects.h.
 */
#pragma once
#include "ops/effects.h"
#include "test_product.h"

struct scene {
    struct test_product s;
    bytes               backup; /* of a secret that is gone */
};

struct trial {
    const char      *effect;
    const struct op *op;
    void (*prepare)(struct scene *x);
    enum err (*run)(struct scene *x, struct call *c, const struct op *op);
    const char     *role_at;   /* where the tried role is assigned */
    const char     *condition; /* of that assignment; NULL: none */
    const char     *own;       /* the op's own action, where its row leaves it to the target */
    const char     *gain;      /* the action that must not be gained */
    enum rbac_plane plane;
    const char     *at;
    bool (*is_done)(struct scene *x); /* the deed that the action would have been; NULL: the decision tells */
};

/* What the trials are about. */
extern const struct trial TRIALS[];
extern const size_t       TRIAL_N;

/* A stage with the caller and two resource groups, as the trial wants it. */
void trial_open(struct scene *x, struct test *t, const struct trial *trial);
void scene_close(struct scene *x);
/* Before: may the caller do what the effect would give? After: may it, or has it been done? */
bool trial_may_already(struct scene *x, struct call *c, const struct trial *trial);
bool trial_has_gained(struct scene *x, struct call *c, const struct trial *trial);
/* Could the caller give himself anything there? */
bool trial_could_grant(struct scene *x, struct call *c, const struct trial *trial);
/* A deny assignment for everybody. */
void trial_deny(struct scene *x, const char *action, enum rbac_plane plane, const char *scope);
/* Takes away what stands in the way of somebody who may do it. */
void trial_lift_deny(struct scene *x);
