/*
 * diagnostics.h - a diagnostic record for each operation of a data plane, and for each that was refused.
 *
 * A service with a data plane names the category of its records; its ops name the operations. Who could not be
 * told who he is, is recorded as an operation of its own, as the published logs do it.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/azure/key-vault/general/logging
 */
#pragma once
#include "endpoints/service.h"

/* Before the answer is sent. Without a category, or for a row that is no operation of the data plane, it does nothing. */
void diagnostics_record(struct call *c, const struct wire *q, const struct answer *a);
