/*
 * records.h - the kinds of records that a struct directory holds, and those of a struct applications and a struct owners.
 *
 * Layer:  directory (uses core)
 */
#pragma once
#include "core/record_kind.h"

extern const struct record_kind RECORD_PRINCIPAL, RECORD_MEMBERSHIP, RECORD_REVOCATION;
extern const struct record_kind RECORD_APPLICATION, RECORD_APP_ASSIGNMENT, RECORD_PASSWORD;
extern const struct record_kind RECORD_OWNERSHIP, RECORD_PERMISSION_GRANT;
