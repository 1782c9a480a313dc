/*
 * sql_server.h - who may administer an SQL server by a token: one principal, and whether passwords still count.
 *
 * Two child resources say it: administrators/ActiveDirectory and azureADOnlyAuthentications/Default. The body of a server that
 * is made may name them too, in properties.administrators; that is put into the children, and shown from them. In the body
 * of an update it is ignored, as published: who may write the server may not for that appoint its administrator.
 *
 * Layer:  ops (uses all above)
 * Source: https://learn.microsoft.com/rest/api/sql/servers/create-or-update,
 *         https://learn.microsoft.com/rest/api/sql/server-azure-ad-administrators
 */
#pragma once
#include "ops/resource_hooks.h"

#define SQL_SERVER_TYPE "Microsoft.Sql/servers"

/* A hook of resource_hooks.h. Errors: ERR_CONTENT_INVALID - the administrator lacks a name or an id */
enum err sql_server_write(struct call *c, struct work *w, struct resource_change *change);
enum err sql_server_spell(struct call *c, const struct json *properties, const struct json **out);
/* The document as it is shown: with the administrator. Other types stay as they are. Lives: the call, or as `document`. */
FALLIBLE sql_server_show(struct call *c, const struct work *w, const struct resource *r, const struct json *document, const struct json **out);
