/*
 * token_file.h - the file in which a workload of a cluster finds the token of its service account.
 *
 * It is written anew, well before the token in it ends, for as long as the cluster that it was made for is there; then it is
 * removed. A reader sees the old file or the new one, whole. Only the owner of the file may read it, who is the server's user.
 *
 * For loop 0's thread.
 *
 * Layer:  endpoints (uses all above)
 * Source: https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#serviceaccount-token-volume-projection
 */
#pragma once
#include "endpoints/socket.h"
#include "net/loop.h"

#define TOKEN_FILE_NAME    "azure-identity-token"
#define TOKEN_FILE_LOOK_MS 1000 /* how often it is asked whether it is due: clocks of tests move */

struct token_file;

/*
 * Writes the first one, or shortly after if there is no signing key yet. The directory stays the caller's to close, behind
 * token_file_free.
 * Errors: ERR_NOT_AUTHORIZED (the server cannot write there), ERR_NAME_INVALID (the account's), ERR_IDENTITY_OPERATION (the
 *         cluster has no issuer), ERR_IO, ERR_NO_MEMORY
 */
FALLIBLE token_file_new(struct call *c, const struct socket_workload *w, struct net_loop *loop, struct token_file **out);
/* Removes the file. NULL is fine. */
void token_file_free(struct token_file *f);

/* When a token that was written at `made_s` and ends at `ends_s` is replaced: once four fifths of its time are over, as kubelet does. */
int64_t token_file_due_s(int64_t made_s, int64_t ends_s);
