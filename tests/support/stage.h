/*
 * stage.h - a product on a memory store, small enough for a unit test of ops.
 *
 *     CLEANUP(stage_close) struct stage s;
 *     stage_open(&s, t);
 *     stage_put_vault(&s, "v1", "{\"properties\":{\"enableRbacAuthorization\":true}}");
 *     stage_assign(&s, s.caller.id, "Key Vault Secrets Officer", STAGE_GROUP);
 *
 * Its work writes into the draft as the committer's does, and sees what it wrote. The
 * caller is a principal without any role.
 */
#pragma once
#include "ops/resources.h"
#include "ops/vault.h"
#include "test.h"

#define STAGE_SUBSCRIPTION       "/subscriptions/00000000-0000-0000-0000-000000000051"
#define STAGE_GROUP              STAGE_SUBSCRIPTION "/resourceGroups/Shop"
#define STAGE_OTHER_SUBSCRIPTION "/subscriptions/00000000-0000-0000-0000-000000000052"
#define STAGE_VAULTS             "/providers/Microsoft.KeyVault/vaults/"

struct stage {
    struct test   *test;
    struct call   *call; /* the test's own */
    struct product product;
    struct work    work;
    struct caller  caller;
};

void stage_open(struct stage *s, struct test *t);
void stage_close(struct stage *s);

/* A GUID that ends in these digits. */
guid stage_guid(unsigned n);
/* Moves the call's time. */
void stage_pass(struct stage *s, int64_t seconds);
/* What was written so far is committed and published; then the next transaction begins. */
void stage_commit(struct stage *s);
/* The same, but the writing is a committer's from now on: the work is no more. */
void stage_hand_over(struct stage *s);

/* A resource of that id; what stood there is replaced but keeps its uid. */
const struct resource *stage_put(struct stage *s, const char *id, const char *document);
/* A vault in STAGE_GROUP, in westus. */
const struct resource *stage_put_vault(struct stage *s, const char *name, const char *document);
object_id              stage_put_principal(struct stage *s, unsigned n, enum principal_kind kind);
void                   stage_put_member(struct stage *s, object_id group, object_id member);
/* A built-in role by its name, at a scope; the assignment's id. */
guid stage_assign(struct stage *s, object_id who, const char *role, const char *scope);

/* A resource group of that id, in westus. */
void stage_put_group(struct stage *s, const char *id);
/* An op as the committer runs it: one that fails leaves nothing behind. `action` NULL: the op's own. */
enum err stage_run(struct stage *s, const struct op *op, const char *action, const char *scope, const void *args, void *out);
/* An op on a vault, decided in the vault's own way. */
enum err stage_vault_run(struct stage *s, const struct vault *v, const struct vault_op *op, str name, const void *args, void *out);
/* A resource by its type's own permission; `body` is JSON. */
enum err stage_write(struct stage *s, const char *id, enum identity_verb verb, const char *body, struct resource_result *out);
enum err stage_delete(struct stage *s, const char *id);
