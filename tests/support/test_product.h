/*
 * test_product.h - a product on a memory store, small enough for a unit test of ops.
 *
 *     CLEANUP(test_product_close) struct test_product s;
 *     test_product_open(&s, t);
 *     test_product_put_vault(&s, "v1", "{\"properties\":{\"enableRbacAuthorization\":true}}");
 *     test_product_assign(&s, s.caller.id, "Key Vault Secrets Officer", TEST_PRODUCT_GROUP);
 *
 * Its work writes into the draft as the committer's does, and sees what it wrote. The
 * caller is a principal without any role.
 */
#pragma once
#include "ops/resources.h"
#include "ops/vault.h"
#include "test.h"

#define TEST_PRODUCT_SUBSCRIPTION       "/subscriptions/00000000-0000-0000-0000-000000000051"
#define TEST_PRODUCT_GROUP              TEST_PRODUCT_SUBSCRIPTION "/resourceGroups/Shop"
#define TEST_PRODUCT_OTHER_SUBSCRIPTION "/subscriptions/00000000-0000-0000-0000-000000000052"
#define TEST_PRODUCT_VAULTS             "/providers/Microsoft.KeyVault/vaults/"

struct test_product {
    struct test   *test;
    struct call   *call; /* the test's own */
    struct product product;
    struct work    work;
    struct caller  caller;
    str            api_version; /* by which test_product_write writes; empty: all that is known */
};

void test_product_open(struct test_product *s, struct test *t);
void test_product_close(struct test_product *s);

/* A GUID that ends in these digits. */
guid test_product_guid(unsigned n);
/* Moves the call's time. */
void test_product_pass(struct test_product *s, int64_t seconds);
/* What was written so far is committed and published; then the next transaction begins. */
void test_product_commit(struct test_product *s);
/* The same, but the writing is a committer's from now on: the work is no more. */
void test_product_hand_over(struct test_product *s);

/* A resource of that id; what stood there is replaced but keeps its uid. */
const struct resource *test_product_put(struct test_product *s, const char *id, const char *document);
/* A vault in TEST_PRODUCT_GROUP, in westus. */
const struct resource *test_product_put_vault(struct test_product *s, const char *name, const char *document);
object_id              test_product_put_principal(struct test_product *s, unsigned n, enum principal_kind kind);
void                   test_product_put_member(struct test_product *s, object_id group, object_id member);
/* A built-in role by its name, at a scope; the assignment's id. */
guid test_product_assign(struct test_product *s, object_id who, const char *role, const char *scope);

/* A resource group of that id, in westus. */
void test_product_put_group(struct test_product *s, const char *id);
/* An op as the committer runs it: one that fails leaves nothing behind. `action` NULL: the op's own. */
enum err test_product_run(struct test_product *s, const struct op *op, const char *action, const char *scope, const void *args, void *out);
/* An op on a vault, decided in the vault's own way. */
enum err test_product_vault_run(struct test_product *s, const struct vault *v, const struct vault_op *op, str name, const void *args, void *out);
/* A resource by its type's own permission; `body` is JSON. */
enum err test_product_write(struct test_product *s, const char *id, enum identity_verb verb, const char *body, struct resource_result *out);
enum err test_product_delete(struct test_product *s, const char *id);
