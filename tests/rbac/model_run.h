/*
 * model_run.h - random worlds and questions: engine and model must agree on all of them.
 */
#pragma once
#include "core/base.h"

enum { MODEL_REASONS = 5 };

/* How often each reason (enum rbac_reason) was given, how often engine and model did not agree, and the same of causes. */
struct model_tally {
    size_t reasons[MODEL_REASONS];
    size_t disagreements;
    size_t causes[16];   /* how many explained assignments had so many causes */
    size_t false_causes; /* how often a cause was named that does not hold */
};

/* Asks so many questions; the first disagreements are printed. */
struct model_tally model_run(uint64_t seed, size_t questions);
