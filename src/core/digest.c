#include "core/digest.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/random.h"

#define NONCE_BYTES 12
#define TAG_BYTES   16

_Static_assert(SEAL_OVERHEAD_BYTES == NONCE_BYTES + TAG_BYTES, "the box is nonce, text, tag");

enum err digest_sha256(struct call *c, bytes of, sha256 *out)
{
    if (!EVP_Digest(of.at, of.n, out->b, NULL, EVP_sha256(), NULL)) return FAIL_PLAIN(c, ERR_CRYPTO);
    return OK;
}

enum err digest_hmac(struct call *c, const struct secret *key, bytes of, sha256 *out)
{
    bytes k = secret_reveal(key);
    if (k.n > INT_MAX || !HMAC(EVP_sha256(), k.at ? k.at : (const uint8_t *)"", (int)k.n, of.at, of.n, out->b, NULL))
        return FAIL_PLAIN(c, ERR_CRYPTO);
    return OK;
}

enum err digest_sha1(struct call *c, bytes of, uint8_t out[SHA1_BYTES])
{
    if (!EVP_Digest(of.at, of.n, out, NULL, EVP_sha1(), NULL)) return FAIL_PLAIN(c, ERR_CRYPTO);
    return OK;
}

static void free_context(EVP_CIPHER_CTX **ctx)
{
    EVP_CIPHER_CTX_free(*ctx);
}

static bool start(EVP_CIPHER_CTX *ctx, const struct secret *key, const uint8_t *nonce, str bound, bool seal)
{
    int n;
    return ctx && key->n == SEAL_KEY_BYTES && bound.n <= INT_MAX &&
           EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret_reveal(key).at, nonce, seal) == 1 &&
           EVP_CipherUpdate(ctx, NULL, &n, (const uint8_t *)bound.at, (int)bound.n) == 1;
}

enum err seal_close(struct call *c, const struct secret *key, bytes plain, str bound, bytes *out)
{
    uint8_t *box;
    int      n;
    if (plain.n > INT_MAX - SEAL_OVERHEAD_BYTES) return FAIL_PLAIN(c, ERR_TOO_LARGE);
    TRY(NEW(c, &box, plain.n + SEAL_OVERHEAD_BYTES));
    random_fill(c->random, box, NONCE_BYTES);
    CLEANUP(free_context) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t                              *text = box + NONCE_BYTES, *tag = text + plain.n;
    if (!start(ctx, key, box, bound, true) || EVP_CipherUpdate(ctx, text, &n, plain.at, (int)plain.n) != 1 || EVP_CipherFinal_ex(ctx, tag, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) != 1)
        return FAIL_PLAIN(c, ERR_CRYPTO);
    *out = (bytes){box, plain.n + SEAL_OVERHEAD_BYTES};
    return OK;
}

enum err seal_open(struct call *c, const struct secret *key, bytes box, str bound, struct secret *out)
{
    struct secret plain;
    int           n;
    if (box.n < SEAL_OVERHEAD_BYTES || box.n > INT_MAX) return FAIL(c, ERR_CRYPTO, "A sealed value is damaged.");
    size_t         size = box.n - SEAL_OVERHEAD_BYTES;
    const uint8_t *text = box.at + NONCE_BYTES;
    uint8_t        tag[TAG_BYTES];
    memcpy(tag, text + size, TAG_BYTES);
    TRY(secret_init(c, &plain, (bytes){text, size}));
    CLEANUP(free_context) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (!start(ctx, key, box.at, bound, false) || EVP_CipherUpdate(ctx, plain.at, &n, text, (int)size) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) != 1 || EVP_CipherFinal_ex(ctx, plain.at + size, &n) != 1) {
        secret_clear(&plain);
        return FAIL(c, ERR_CRYPTO, "A sealed value cannot be opened: its key is another one, or the value was changed.");
    }
    *out = plain;
    return OK;
}
