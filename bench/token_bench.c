/*
 * token_bench.c - how long checking a token takes, beside the RSA-2048 verification that is in it.
 *
 *     token-bench ROUNDS N
 *
 * Each round checks one token N times and verifies its bare signature N times, and prints a line: {"verify_ns":...,"rsa_ns":...}.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/digest.h"
#include "token/jwt.h"
#include "token/ring.h"
#include "token/token.h"

struct bench {
    struct call         c, scratch;
    struct keyring     *ring;
    struct token        token;
    struct token_policy policy;
    EVP_PKEY_CTX       *bare; /* the ring's key, ready to verify */
    struct jwt          jwt;
    sha256              digest;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static enum err make_token(struct bench *b)
{
    static const str           ISSUER = S_INIT("https://sts.windows.net/t/"), AUDIENCE = S_INIT("https://vault.azure.net");
    static const str           RESOURCE = S_INIT("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/web");
    const struct token_request request = {.kind = TOKEN_OF_IDENTITY,
                                          .issuer = ISSUER,
                                          .audience = AUDIENCE,
                                          .lifetime_s = TOKEN_LIFETIME_S,
                                          .identity_resource = RESOURCE,
                                          .host_resource = RESOURCE};
    b->policy = (struct token_policy){.issuers = &ISSUER, .issuer_n = 1, .audiences = &AUDIENCE, .audience_n = 1};
    TRY(keyring_new(&b->c, 1, &b->ring));
    TRY(token_issue(&b->c, b->ring, &request, &b->token));
    TRY(jwt_read(&b->c, b->token.text, &b->jwt));
    return digest_sha256(&b->c, str_bytes(b->jwt.signed_text), &b->digest);
}

/* The same key without anything of ours around it. */
static bool make_bare(struct bench *b)
{
    BIO *pem = BIO_new(BIO_s_mem());
    if (!pem || token_key_write_pem(&b->c, keyring_current(b->ring), pem) != OK) return false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
    BIO_free(pem);
    b->bare = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    EVP_PKEY_free(key); /* the context holds it */
    return b->bare && EVP_PKEY_verify_init(b->bare) == 1 && EVP_PKEY_CTX_set_signature_md(b->bare, EVP_sha256()) == 1;
}

static bool verify(struct bench *b)
{
    struct token_claims claims;
    arena_reset(&b->scratch.arena);
    return token_verify(&b->scratch, b->ring, b->token.text, &b->policy, &claims) == OK;
}

static bool verify_bare(struct bench *b)
{
    return EVP_PKEY_verify(b->bare, b->jwt.signature.at, b->jwt.signature.n, b->digest.b, sizeof b->digest.b) == 1;
}

static double ns_of(struct bench *b, bool (*work)(struct bench *), long n)
{
    int64_t began = now_ns();
    for (long i = 0; i < n; i++)
        if (!work(b)) exit(1);
    return (double)(now_ns() - began) / (double)n;
}

int main(int argc, char **argv)
{
    static struct clock clock;
    struct bench        b = {0};
    long                rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 5, n = argc > 2 ? strtol(argv[2], NULL, 10) : 10000;
    call_init(&b.c, &clock, NULL);
    call_init(&b.scratch, &clock, NULL);
    if (make_token(&b) != OK || !make_bare(&b)) {
        fprintf(stderr, "token-bench: %s\n", b.c.failure.text);
        return 1;
    }
    for (long i = 0; i < rounds; i++) {
        double ours = ns_of(&b, verify, n), bare = ns_of(&b, verify_bare, n);
        printf("{\"verify_ns\":%.0f,\"rsa_ns\":%.0f}\n", ours, bare);
    }
    EVP_PKEY_CTX_free(b.bare);
    keyring_drop(b.ring);
    call_clear(&b.scratch);
    call_clear(&b.c);
    return 0;
}
