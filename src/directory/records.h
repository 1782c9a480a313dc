/*
 * records.h - the kinds of records that a struct directory holds.
 *
 * Layer:  directory (uses core)
 */
#pragma once
#include "core/record_kind.h"

extern const struct record_kind RECORD_PRINCIPAL, RECORD_MEMBERSHIP, RECORD_REVOCATION;
