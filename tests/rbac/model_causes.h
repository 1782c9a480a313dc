/*
 * model_causes.h - does the model agree with every cause that an explanation names?
 *
 * An assignment must grant once all of its causes are mended, and must not while one of them is left.
 */
#pragma once
#include "model.h"
#include "rbac/explain.h"

bool model_causes_hold(const struct model_world *w, const struct rbac_question *q, const struct rbac_step *step);
