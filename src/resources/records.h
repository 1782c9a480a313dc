/*
 * records.h - the kinds of records that a struct tree holds, and the one that a struct bindings holds.
 *
 * Layer:  resources (uses core, directory)
 */
#pragma once
#include "core/record_kind.h"

extern const struct record_kind RECORD_MGMT_GROUP, RECORD_SUBSCRIPTION, RECORD_GROUP, RECORD_RESOURCE, RECORD_LOCK;
extern const struct record_kind RECORD_BINDING;
