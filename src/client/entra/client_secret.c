#include "client/entra/client_secret.h"

static enum err prove(struct call *c, struct trial *t, struct entra_client *client, str audience, struct entra_proof *out)
{
    (void)c, (void)t, (void)audience; // a password is the same for every audience
    struct client_secret *me = CONTAINER_OF(client, struct client_secret, client);
    *out = (struct entra_proof){.secret = &me->secret};
    return OK;
}

void client_secret_init(struct lanyard_credential *self, struct client_secret *me, str tenant_id, str client_id, str secret)
{
    entra_client_init(self, &me->client, tenant_id, client_id);
    me->client.prove = prove;
    if (str_empty(secret) || secret.n > CLIENT_SECRET_MAX_BYTES)
        credential_broken(self, "The client secret is missing or longer than %d bytes.", CLIENT_SECRET_MAX_BYTES);
    else if (secret_init(credential_call(self), &me->secret, str_bytes(secret)) != OK) credential_broken(self, "Out of memory.");
}

void client_secret_clear(struct client_secret *me)
{
    secret_clear(&me->secret);
}

static const char NAME[] = "ClientSecretCredential";

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    struct client_secret *me = credential_own(self);
    return entra_acquire(c, &(struct trial){.ask = ask, .credential = NAME, .source = ""}, &me->client, out);
}

static void clear(void *own)
{
    client_secret_clear(own);
}

static const struct credential_kind KIND = {.name = NAME, .acquire = acquire, .clear = clear};

struct lanyard_credential *lanyard_client_secret(const char *tenant_id, const char *client_id, const char *secret,
                                                 const struct lanyard_settings *settings)
{
    struct lanyard_credential *self = credential_new(&KIND, sizeof(struct client_secret), settings);
    if (self) client_secret_init(self, credential_own(self), str_of(tenant_id), str_of(client_id), str_of(secret));
    return credential_made(self);
}
