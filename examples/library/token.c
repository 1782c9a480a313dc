/*
 * token - prints an access token for Key Vault: the whole of what a program needs.
 *
 *   cc token.c $(pkg-config --cflags --libs lanyard) -o token
 */
#include <lanyard/identity.h>
#include <stdio.h>

int main(void)
{
    struct lanyard_credential *me = lanyard_default(NULL, NULL);
    struct lanyard_token      *token = lanyard_token_get(me, "https://vault.azure.net/.default");
    int                        failed = lanyard_token_result(token) != LANYARD_OK;
    if (failed) fprintf(stderr, "%s\n", lanyard_token_error(token));
    else printf("%s\n", lanyard_token_value(token));
    lanyard_token_free(token);
    lanyard_credential_free(me);
    return failed;
}
