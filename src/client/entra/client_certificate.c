#include "client/entra/client_certificate.h"

#include "client/entra/certificate.h"
#include "client/secret_file.h"

static const char FIX[] = "Give a PEM or PKCS #12 file with the certificate and its RSA key, and the key's password.";

// Read anew for each token, which is once in an hour: so a file that was renewed is used at once.
static enum err read_certificate(struct call *c, const struct client_certificate *me, struct certificate *out)
{
    struct secret file = {0};
    const char   *password = me->password.n ? (const char *)secret_reveal(&me->password).at : NULL;
    if (!me->path) return certificate_read(c, secret_reveal(&me->file), password, out);
    TRY(secret_file_read(c, me->path, CERTIFICATE_FILE_MAX_BYTES, SECRET_FILE_ANY, &file));
    enum err failed = certificate_read(c, secret_reveal(&file), password, out);
    secret_clear(&file);
    return failed;
}

static enum err prove(struct call *c, struct trial *t, struct entra_client *client, str audience, struct entra_proof *out)
{
    struct client_certificate                    *me = CONTAINER_OF(client, struct client_certificate, client);
    CLEANUP(certificate_clear) struct certificate cert = {0};
    if (read_certificate(c, me, &cert) != OK) {
        str why = call_text(c, str_of(c->failure.text));
        if (c->failure.kind == ERR_NO_MEMORY) return ERR_NO_MEMORY;
        call_forgive(c);
        return trial_refused(c, t, ERR_AUTHENTICATION_FAILED, FIX, "The certificate %s cannot be used. %.*s", me->path ? me->path : "that was given",
                             PSTR(why));
    }
    if (certificate_assertion(c, &cert, client->client_id, audience, me->sends_chain, &out->assertion) != OK)
        return trial_failed(c, t, ERR_AUTHENTICATION_FAILED, "");
    return OK;
}

static void set_certificate(struct lanyard_credential *self, struct client_certificate *me, const struct lanyard_certificate *from)
{
    struct call *c = credential_call(self);
    if (!from || (from->path != NULL) == (from->bytes != NULL) ||
        (from->bytes && (from->bytes_n == 0 || from->bytes_n > CERTIFICATE_FILE_MAX_BYTES))) {
        credential_broken(self, "The certificate is missing: give either the path of a file, or the contents of one, of at most %zu bytes.",
                          CERTIFICATE_FILE_MAX_BYTES);
        return;
    }
    enum err failed = OK;
    if (from->path) me->path = call_zstr(c, str_of(from->path));
    else failed = secret_init(c, &me->file, (bytes){from->bytes, from->bytes_n});
    if (failed == OK && from->password) failed = secret_init(c, &me->password, (bytes){(const uint8_t *)from->password, strlen(from->password) + 1});
    if (failed != OK) credential_broken(self, "Out of memory.");
}

void client_certificate_init(struct lanyard_credential *self, struct client_certificate *me, str tenant_id, str client_id,
                             const struct lanyard_certificate *certificate)
{
    entra_client_init(self, &me->client, tenant_id, client_id);
    me->client.prove = prove;
    me->sends_chain = certificate && certificate->send_chain;
    set_certificate(self, me, certificate);
}

void client_certificate_clear(struct client_certificate *me)
{
    secret_clear(&me->file);
    secret_clear(&me->password);
}

static const char NAME[] = "ClientCertificateCredential";

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    struct client_certificate *me = credential_own(self);
    return entra_acquire(c, &(struct trial){.ask = ask, .credential = NAME, .source = ""}, &me->client, out);
}

static void clear(void *own)
{
    client_certificate_clear(own);
}

static const struct credential_kind KIND = {.name = NAME, .acquire = acquire, .clear = clear};

struct lanyard_credential *lanyard_client_certificate(const char *tenant_id, const char *client_id, const struct lanyard_certificate *certificate,
                                                      const struct lanyard_settings *settings)
{
    struct lanyard_credential *self = credential_new(&KIND, sizeof(struct client_certificate), settings);
    if (self) client_certificate_init(self, credential_own(self), str_of(tenant_id), str_of(client_id), certificate);
    return credential_made(self);
}
