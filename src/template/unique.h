/*
 * unique.h - the names that templates make of other names: the same for the same input, in every deployment.
 *
 * Layer:  template (uses core)
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string#uniquestring,
 *         https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-string#guid
 *         How they are made is not published: uniqueString is MurmurHash3 for 64 bits, known from its published results;
 *         guid is version 5 of RFC 9562 in the namespace 11fb06fb-712d-4ddd-98c7-e71bbd588830.
 */
#pragma once
#include "core/call.h"

#define UNIQUE_TEXT_BYTES 13

void unique_string_of(bytes name, char out[UNIQUE_TEXT_BYTES]);
/* Errors: ERR_CRYPTO */
FALLIBLE unique_guid_of(struct call *c, str name, guid *out);
