#include "client/chain.h"

void chain_add_take(struct lanyard_credential *self, struct chain *chain, struct lanyard_credential *member)
{
    if (!member) {
        call_fail(credential_call(self), ERR_NO_MEMORY, __FILE__, __LINE__, "%s", err_text(ERR_NO_MEMORY)); // nothing else makes a credential NULL
    } else if (chain->n == CHAIN_MAX) {
        credential_broken(self, "The chain has more than %d credentials.", CHAIN_MAX);
        lanyard_credential_free(member);
    } else {
        chain->members[chain->n++] = member;
    }
}

void chain_clear(struct chain *chain)
{
    for (size_t i = 0; i < chain->n; i++) lanyard_credential_free(chain->members[i]);
    chain->n = 0;
}

// Of two first askings at once the one that ends first chooses for both, else a program would have two identities.
static enum err choose(struct call *c, struct chain *chain, size_t i, struct token_ask *ask, struct access_token *out)
{
    size_t chosen = 0;
    if (atomic_compare_exchange_strong(&chain->chosen, &chosen, i + 1) || chosen == i + 1) return OK;
    secret_clear(&out->value);
    return credential_ask(c, chain->members[chosen - 1], ask, out);
}

enum err chain_acquire(struct call *c, struct chain *chain, struct token_ask *ask, struct access_token *out)
{
    size_t   chosen = atomic_load_explicit(&chain->chosen, memory_order_acquire);
    bool     was_in_chain = ask->in_chain;
    enum err failed = ERR_CREDENTIAL_UNAVAILABLE;
    if (chosen) return credential_ask(c, chain->members[chosen - 1], ask, out);
    ask->in_chain = was_in_chain || chain->n > 1; // one that is alone is waited for
    for (size_t i = 0; i < chain->n && failed == ERR_CREDENTIAL_UNAVAILABLE; i++) {
        call_forgive(c);
        failed = credential_ask(c, chain->members[i], ask, out);
        if (failed != OK) continue;
        failed = choose(c, chain, i, ask, out);
        break;
    }
    ask->in_chain = was_in_chain;
    return failed;
}

static const char NAME[] = "ChainedTokenCredential";

static enum err acquire(struct call *c, struct lanyard_credential *self, struct token_ask *ask, struct access_token *out)
{
    return chain_acquire(c, credential_own(self), ask, out);
}

static void clear(void *own)
{
    chain_clear(own);
}

static const struct credential_kind KIND = {.name = NAME, .acquire = acquire, .clear = clear};

struct lanyard_credential *lanyard_chain(struct lanyard_credential *const *credentials, size_t n, const struct lanyard_settings *settings)
{
    struct lanyard_credential *self = credential_new(&KIND, sizeof(struct chain), settings);
    if (!self) return NULL;
    if (!credentials || n == 0) credential_broken(self, "The chain has no credential.");
    for (size_t i = 0; credentials && i < n && i <= CHAIN_MAX; i++)
        chain_add_take(self, credential_own(self), lanyard_credential_ref(credentials[i]));
    return credential_made(self);
}
