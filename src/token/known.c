#include "token/known.h"

#include <stdlib.h>

struct place {
    sha256              digest;
    const void         *target;
    struct token_claims claims;
    void               *memory; // the claims' roles, then all texts, one after the other; NULL: free
};

struct known_tokens {
    struct place places[KNOWN_TOKENS];
};

struct known_tokens *known_new(void)
{
    return calloc(1, sizeof(struct known_tokens));
}

void known_free(struct known_tokens *known)
{
    if (!known) return;
    for (size_t i = 0; i < KNOWN_TOKENS; i++) free(known->places[i].memory);
    free(known);
}

static size_t place_of(const sha256 *digest)
{
    return (digest->b[0] | (size_t)digest->b[1] << 8) % KNOWN_TOKENS;
}

const struct token_claims *known_find(const struct known_tokens *known, const sha256 *digest, const void *target)
{
    const struct place *p = &known->places[place_of(digest)];
    return p->memory && p->target == target && memcmp(p->digest.b, digest->b, sizeof digest->b) == 0 ? &p->claims : NULL;
}

// All texts of the claims.
static const size_t TEXTS[] = {
    offsetof(struct token_claims, audience), offsetof(struct token_claims, issuer), offsetof(struct token_claims, unique_id),
    offsetof(struct token_claims, identity_resource), offsetof(struct token_claims, scopes),
};

static str *text_of(struct token_claims *claims, size_t i)
{
    return (str *)((char *)claims + TEXTS[i]);
}

static char *move_text(str *text, char *to)
{
    if (text->n) memcpy(to, text->at, text->n);
    text->at = to;
    return to + text->n;
}

void known_put(struct known_tokens *known, const sha256 *digest, const void *target, const struct token_claims *claims)
{
    struct token_claims copy = *claims;
    size_t              roles_bytes = copy.roles.n * sizeof(str), n = 1; // a token's length bounds both
    for (size_t i = 0; i < COUNT(TEXTS); i++) n += text_of(&copy, i)->n;
    for (size_t i = 0; i < copy.roles.n; i++) n += copy.roles.at[i].n;
    void *memory = malloc(roles_bytes + n);
    if (!memory) return;
    str  *roles = memory;
    char *to = (char *)memory + roles_bytes;
    for (size_t i = 0; i < COUNT(TEXTS); i++) to = move_text(text_of(&copy, i), to);
    for (size_t i = 0; i < copy.roles.n; i++) {
        roles[i] = copy.roles.at[i];
        to = move_text(&roles[i], to);
    }
    copy.roles.at = roles;
    struct place *p = &known->places[place_of(digest)];
    free(p->memory);
    *p = (struct place){.digest = *digest, .target = target, .claims = copy, .memory = memory};
}
