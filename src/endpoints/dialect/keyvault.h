/*
 * keyvault.h - Key Vault's words for failures, its challenge and its headers.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses,
 *         https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
 */
#pragma once
#include "endpoints/service.h"

extern const struct dialect DIALECT_KEYVAULT;

/* What tokens for vaults are for: "https://vault.azure.net". An identifier, so it has no port. Lives: the call. */
str keyvault_audience(struct call *c, const struct product *p);
