/*
 * records.h - the kinds of records that a struct rbac_rules holds.
 *
 * Layer:  rbac (uses core)
 */
#pragma once
#include "core/record_kind.h"

extern const struct record_kind RECORD_ROLE, RECORD_ASSIGNMENT, RECORD_DENY;
