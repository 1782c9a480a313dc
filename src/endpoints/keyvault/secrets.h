/*
 * secrets.h - the handlers of /secrets that are not those of every kind of items (items.h): what takes or gives a value.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
 */
#pragma once
#include "endpoints/keyvault/items.h"

keyvault_item_writer keyvault_write_secret;
route_handler        keyvault_set_secret, keyvault_get_secret, keyvault_update_secret;
