#include "server/state.h"

#include <sys/stat.h>
#include <unistd.h>

#include "ops/documents.h"
#include "server/files.h"
#include "test.h"

static enum err open_in(struct test *t, struct product *p)
{
    *p = (struct product){.data_dir = str_of(test_dir(t)), .names = names_azure()};
    return state_open(t->call, p);
}

static const char *key_path(struct test *t)
{
    return call_zstr(t->call, call_format(t->call, "%s/seal.key", test_dir(t)));
}

TEST(state_open_finds_again_what_it_made)
{
    struct product first, again;
    CHECK_OK(open_in(t, &first));
    tenant_id tenant = first.tenant;
    object_id operator_id = first.operator_id;
    CHECK(!guid_is_none(tenant.g) && !guid_is_none(first.subscription.g) && first.keyring);
    const struct world *w = world_enter(first.worlds, 0);
    CHECK(directory_find(w->directory, operator_id) && tree_find_subscription(w->tree, first.subscription));
    CHECK_INT(rbac_assignment_count(w->rules), 1, "the operator is Owner");
    world_leave(first.worlds, 0);
    CHECK_ERR(open_in(t, &again), ERR_CONFLICT, "a second server on the same directory");
    state_close(&again);
    state_close(&first);
    CHECK_OK(open_in(t, &again));
    CHECK(guid_eq(again.tenant.g, tenant.g) && object_id_eq(again.operator_id, operator_id));
    state_close(&again);
}

#define NETWORK "/subscriptions/00000000-0000-0000-0000-000000000051/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net"

// A database as an older version left it: the subnets stand in their network's document, and no form is noted.
static void put_old_network(struct test *t, struct product *p)
{
    struct store_session *session;
    struct resource      *network;
    struct resource       plain = {.id = S(NETWORK), .type = S("Microsoft.Network/virtualNetworks"), .name = S("net"), .uid = guid_new(t->call)};
    plain.document = S("{\"properties\":{\"subnets\":[{\"name\":\"a\",\"properties\":{\"addressPrefix\":\"10.0.0.0/24\"}}]}}");
    CHECK_OK(store_session_open(t->call, p->store, STORE_WRITE, &session));
    CHECK_OK(store_begin(t->call, session));
    CHECK_OK(resource_new(t->call, &plain, &network));
    CHECK_OK(world_change(t->call, p->worlds, session, STORE_RESOURCE, NULL, &network->ref));
    CHECK_OK(store_remove(t->call, session, STORE_META, DOCUMENTS_KEY));
    CHECK_OK(store_commit(t->call, session));
    world_publish(p->worlds);
    store_session_close(session);
}

TEST(state_open_brings_documents_of_older_versions_to_the_form_of_this_one)
{
    struct product p;
    CHECK_OK(open_in(t, &p));
    put_old_network(t, &p);
    state_close(&p);
    for (int i = 0; i < 2; i++) { // what was raised is on disk
        CHECK_OK(open_in(t, &p));
        const struct world *w = world_enter(p.worlds, 0);
        CHECK(tree_find(w->tree, S(NETWORK "/subnets/a")) && !str_contains_nocase(tree_find(w->tree, S(NETWORK))->document, S("subnets")));
        world_leave(p.worlds, 0);
        state_close(&p);
    }
}

// The key for values at rest: without the right one nothing is opened, and nothing is written.
TEST(state_open_wants_the_key_that_the_directory_was_written_with)
{
    static const struct { const char *what; size_t n; mode_t mode; bool is_gone; enum err want; const char *says; } CASES[] = {
        {"another key", 32, 0600, false, ERR_CRYPTO, "is not the key"},
        {"cut short", 31, 0600, false, ERR_CRYPTO, "damaged"},
        {"too long", 33, 0600, false, ERR_CRYPTO, "damaged"},
        {"empty", 0, 0600, false, ERR_CRYPTO, "damaged"},
        {"gone", 0, 0600, true, ERR_CRYPTO, "is missing"},
        {"read by others", 32, 0604, false, ERR_IO, "chmod 600"},
    };
    static const uint8_t                OTHER[64] = {1, 2, 3};
    CLEANUP(secret_clear) struct secret key = {0};
    struct product                      p;
    str                                 directory = str_of(test_dir(t));
    CHECK_OK(open_in(t, &p));
    tenant_id tenant = p.tenant;
    state_close(&p);
    CHECK_OK(files_read_secret(t->call, directory, "seal.key", &key));
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_OK(files_write(t->call, directory, "seal.key", (bytes){OTHER, CASES[i].n}, 0600));
        CHECK(chmod(key_path(t), CASES[i].mode) == 0);
        if (CASES[i].is_gone) CHECK(unlink(key_path(t)) == 0);
        enum err failed = open_in(t, &p);
        CHECK_ROW(strstr(t->call->failure.text, "seal.key") && strstr(t->call->failure.text, CASES[i].says), t->call->failure.text);
        CHECK_ROW(!strchr(t->call->failure.text, '\n'), CASES[i].what); // one line
        CHECK_ERR(failed, CASES[i].want, CASES[i].what);
        state_close(&p);
        CHECK_ROW((access(key_path(t), F_OK) != 0) == CASES[i].is_gone, CASES[i].what); // none is made in its place
    }
    CHECK_OK(files_write(t->call, directory, "seal.key", secret_reveal(&key), 0600));
    CHECK_OK(open_in(t, &p)); // the right one is put back: all is as it was
    CHECK(guid_eq(p.tenant.g, tenant.g));
    state_close(&p);
}

TEST(state_open_is_for_directories)
{
    struct product p = {.data_dir = S("/dev/null/lanyard"), .names = names_azure()};
    CHECK_ERR(state_open(t->call, &p), ERR_IO, "below a file");
    state_close(&p);
    p = (struct product){.data_dir = S("/proc/lanyard"), .names = names_azure()};
    CHECK_ERR(state_open(t->call, &p), ERR_IO, "where nothing can be made");
    state_close(&p);
}
