/*
 * records.h - the kinds of records that a struct directory holds, and those that a struct applications does.
 *
 * Layer:  directory (uses core)
 */
#pragma once
#include "core/record_kind.h"

extern const struct record_kind RECORD_PRINCIPAL, RECORD_MEMBERSHIP, RECORD_REVOCATION;
extern const struct record_kind RECORD_APPLICATION, RECORD_APP_ASSIGNMENT, RECORD_PASSWORD;
