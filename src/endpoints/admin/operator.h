/*
 * operator.h - what the operator alone may do and see, over the admin socket.
 *
 *     PUT    /lanyard/deny-assignments/GUID   {"name", "scope", "permissions": [{"actions", ...}], "principals": [{"id"}],
 *                                              "excludePrincipals", "doNotApplyToChildScopes", "description"}
 *     DELETE /lanyard/deny-assignments/GUID
 *     GET    /lanyard/audit                   what deserves a look, kind after kind: {"kind", "severity", "title", "subject", "what", "advice"}
 *     GET    /lanyard/orphans                 role assignments whose principal is gone
 *     GET    /lanyard/denials                 the latest refused requests, newest first
 *     POST   /lanyard/principals/GUID/revoke-tokens   the tokens it got so far are refused; it need not exist any more
 *     GET    /lanyard/device-codes/CODE      the program that waits for a user with that code: {"program", "clientId",
 *                                             "tenant", "scopes"}
 *     POST   /lanyard/device-codes/CODE      {"user": GUID, "approve": true}: the program acts as that user; false: as nobody
 *     POST   /lanyard/verify-token?RULE       {"token", "issuer", "tenant", "jwks"}: does it count for an API that demands RULE (verify/rule.h)?
 *                                             Of another issuer with "jwks", the text of its key set.
 *                                             {"valid": true, whose it is} or {"valid": false, "check": which one failed, "message"}
 *     GET    /lanyard/keys                    the keys that sign tokens: {"kid", "state", "algorithm", "since", "until"}
 *     POST   /lanyard/keys/rotate             {"now": true} does not wait until verifiers know the next key; 202: it is planned
 *     POST   /lanyard/bindings                {"caller": "uid:1001", "resource": ID}: programs of this machine get its tokens
 *     DELETE /lanyard/bindings?caller=uid:1001
 *     GET    /lanyard/bindings
 *     GET    /lanyard/denials/GUID            why that request was refused
 *     GET    /lanyard/logs/NAME               activity, signin or diagnostic: ?$top=N&correlationId=GUID, the newest first, of signin
 *                                             those of a $filter (signin_form.h), of all those written &since=TIME; with
 *                                             ?after= what an earlier answer said: what was written since, the oldest first
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/service.h"

route_handler operator_deny_put, operator_deny_delete;                                /* denies.c */
route_handler operator_tokens_revoke;                                                 /* admin.c */
route_handler operator_token_verify;                                                  /* tokens.c */
route_handler operator_keys_list, operator_keys_rotate;                               /* keys.c */
route_handler operator_log_list;                                                      /* logs.c */
route_handler operator_denials_list, operator_denial_get;                             /* denials.c */
route_handler operator_audit_list, operator_orphans_list;                             /* audit.c */
route_handler operator_binding_post, operator_binding_delete, operator_bindings_list; /* bindings.c */
route_handler operator_device_get, operator_device_end;                               /* device_codes.c */
permit_target operator_binding_at;                                                    /* struct binding_wish */
