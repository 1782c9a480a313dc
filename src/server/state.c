#include "server/state.h"

#include "core/digest.h"
#include "core/pack.h"
#include "ops/documents.h"
#include "ops/log_keep.h"
#include "ops/signing_keys.h"
#include "server/files.h"

#define SEAL_KEY_FILE       "seal.key"
#define SEAL_KEY_FIRST_FILE "seal.key.first" // its name until the first start is done
#define TENANT_FILE         "tenant"         // the marker: to which tenant the keys beside it belong
#define META_KEY            S("product")
#define LIFETIME_KEY        S("longest token lifetime")
#define TENANT_NAME         S("Lanyard")
#define TENANT_DOMAIN       S("lanyard.localhost")
#define SUBSCRIPTION        S("Lanyard subscription")

static const guid OWNER = {{0x8e, 0x3a, 0xf6, 0x57, 0xa8, 0xff, 0x44, 0x3c, 0xa7, 0x5c, 0x2f, 0xe8, 0xc4, 0xbc, 0xb6, 0x35}};

static void close_session(struct store_session **session)
{
    if (*session) store_session_close(*session);
}

static enum err read_meta(struct call *c, bytes record, struct product *p)
{
    struct unpack u;
    str           copy;
    TRY(call_copy_str(c, bytes_str(record), &copy));
    unpack_begin(&u, str_bytes(copy));
    p->tenant.g = unpack_guid(&u);
    p->tenant_name = unpack_str(&u);
    p->tenant_domain = unpack_str(&u);
    p->subscription.g = unpack_guid(&u);
    p->operator_id.g = unpack_guid(&u);
    return unpack_end(c, &u);
}

static enum err write_meta(struct call *c, struct store_session *session, const struct product *p)
{
    struct buf b;
    str        record;
    buf_init(&b, &c->arena);
    pack_begin(&b, 1);
    pack_guid(&b, p->tenant.g);
    pack_str(&b, p->tenant_name);
    pack_str(&b, p->tenant_domain);
    pack_guid(&b, p->subscription.g);
    pack_guid(&b, p->operator_id.g);
    TRY(buf_finish(c, &b, &record));
    return store_put(c, session, STORE_META, META_KEY, str_bytes(record));
}

static enum err make_tree(struct call *c, struct worlds *worlds, struct store_session *session, const struct product *p)
{
    struct mgmt_group   *root;
    struct subscription *subscription;
    TRY(mgmt_group_new(c, &(struct mgmt_group){.name = guid_str(c, p->tenant.g), .display_name = S("Tenant Root Group")}, &root));
    TRY(world_change(c, worlds, session, STORE_MGMT_GROUP, NULL, &root->ref));
    TRY(subscription_new(c, &(struct subscription){.id = p->subscription, .tenant = p->tenant, .name = SUBSCRIPTION}, &subscription));
    return world_change(c, worlds, session, STORE_SUBSCRIPTION, NULL, &subscription->ref);
}

static enum err make_operator(struct call *c, struct worlds *worlds, struct store_session *session, const struct product *p)
{
    struct principal  *operator;
    struct assignment *owner;
    TRY(principal_new(c,
                      &(struct principal){.id = p->operator_id,
                                          .kind = PRINCIPAL_USER,
                                          .name = S("Operator"),
                                          .created_ns = c->now_ns,
                                          .user_name = call_format(c, "operator@%.*s", PSTR(p->tenant_domain))},
                      &operator));
    TRY(world_change(c, worlds, session, STORE_PRINCIPAL, NULL, &operator->ref));
    TRY(assignment_new(c,
                       &(struct assignment){.id = guid_new(c),
                                            .principal = p->operator_id,
                                            .principal_type = PRINCIPAL_TYPE_USER,
                                            .role = OWNER,
                                            .scope = S("/"),
                                            .created_ns = c->now_ns,
                                            .created_by = p->operator_id},
                       &owner));
    return world_change(c, worlds, session, STORE_ASSIGNMENT, NULL, &owner->ref);
}

static enum err load_keys(struct call *c, struct store_session *session, struct product *p)
{
    enum err failed = signing_keys_load(c, session, p);
    if (failed != ERR_CRYPTO && failed != ERR_NOT_FOUND) return failed;
    call_forgive(c);
    if (failed == ERR_NOT_FOUND)
        return FAIL(c, ERR_STORE_DAMAGED, "The store in %.*s lacks its signing keys: bring lanyard.db back from a backup.", PSTR(p->data_dir));
    return FAIL(c, ERR_CRYPTO, "%.*s/%s is not the key that this directory was written with: put the right one back.", PSTR(p->data_dir),
                SEAL_KEY_FILE);
}

static enum err check_seal_key(struct call *c, const struct product *p, const char *name)
{
    if (p->seal_key.n == SEAL_KEY_BYTES) return OK;
    return FAIL(c, ERR_CRYPTO, "%.*s/%s is damaged: put it back from a backup.", PSTR(p->data_dir), name);
}

// Under its own name, or under the one that it has during a first start: that one got as far as the commit, and ends here.
static enum err load_seal_key(struct call *c, struct product *p)
{
    enum err failed = files_read_secret(c, p->data_dir, SEAL_KEY_FILE, &p->seal_key);
    if (failed == OK) return check_seal_key(c, p, SEAL_KEY_FILE);
    if (failed != ERR_NOT_FOUND) return failed;
    call_forgive(c);
    failed = files_read_secret(c, p->data_dir, SEAL_KEY_FIRST_FILE, &p->seal_key);
    if (failed == OK) return check_seal_key(c, p, SEAL_KEY_FIRST_FILE);
    if (failed != ERR_NOT_FOUND) return failed;
    call_forgive(c);
    return FAIL(c, ERR_CRYPTO, "%.*s/%s is missing: without it the secrets there cannot be read. Put it back from a backup.", PSTR(p->data_dir),
                SEAL_KEY_FILE);
}

// The seal key gets its name when all that it belongs to is in the database; where there is one of that name, a
// database without a tenant is a lost one. The marker comes last.
static enum err finish_first_start(struct call *c, struct product *p, struct store_session *session)
{
    TRY(store_settle(c, session));
    TRY(files_rename(c, p->data_dir, SEAL_KEY_FIRST_FILE, SEAL_KEY_FILE));
    return files_write(c, p->data_dir, TENANT_FILE, str_bytes(call_format(c, "%s\n", guid_text(p->tenant.g).s)), 0644);
}

// All of a first start is one transaction: a start that is cut short leaves an empty store.
static enum err first_start(struct call *c, struct product *p, struct store_session *session)
{
    p->tenant.g = guid_new(c);
    p->tenant_name = TENANT_NAME;
    p->tenant_domain = TENANT_DOMAIN;
    p->subscription.g = guid_new(c);
    p->operator_id.g = guid_new(c);
    TRY(secret_init_random(c, &p->seal_key, SEAL_KEY_BYTES));
    TRY(files_write(c, p->data_dir, SEAL_KEY_FIRST_FILE, secret_reveal(&p->seal_key), 0600));
    TRY(store_begin(c, session));
    TRY(write_meta(c, session, p));
    TRY(make_tree(c, p->worlds, session, p));
    TRY(make_operator(c, p->worlds, session, p));
    TRY(signing_keys_begin(c, session, p));
    TRY(store_put(c, session, STORE_META, DOCUMENTS_KEY, str_bytes(DOCUMENTS_FORM)));
    TRY(store_commit(c, session));
    world_publish(p->worlds);
    return finish_first_start(c, p, session);
}

// Keys and database must be of one tenant. *out_is_marked: the marker is there.
static enum err check_marker(struct call *c, const struct product *p, bool *out_is_marked)
{
    str      text = STR_NONE;
    guid     marked;
    enum err failed = files_read(c, p->data_dir, TENANT_FILE, &text);
    *out_is_marked = failed == OK;
    if (failed == ERR_NOT_FOUND) {
        call_forgive(c);
        return OK;
    }
    TRY(failed);
    if (!guid_parse(str_upto(text, str_find(text, '\n')), &marked))
        return FAIL(c, ERR_CRYPTO, "%.*s/%s is damaged: put it back from a backup, or remove it if the keys beside it are those of tenant %s.",
                    PSTR(p->data_dir), TENANT_FILE, guid_text(p->tenant.g).s);
    if (guid_eq(marked, p->tenant.g)) return OK;
    return FAIL(c, ERR_CRYPTO,
                "The keys in %.*s belong to tenant %s (so says the file %s), lanyard.db to tenant %s: bring back what belongs together.",
                PSTR(p->data_dir), guid_text(marked).s, TENANT_FILE, guid_text(p->tenant.g).s);
}

// Once, of a database that an older version wrote: all or nothing.
static enum err raise_documents(struct call *c, struct product *p, struct store_session *session)
{
    bytes    form;
    enum err found = store_get(c, session, STORE_META, DOCUMENTS_KEY, &form);
    if (found != ERR_NOT_FOUND) return found;
    call_forgive(c);
    struct work w = {.product = p, .world = world_draft(p->worlds), .store = session, .writes = true, .row = PRODUCT_ROW_WRITER};
    TRY(store_begin(c, session));
    TRY(documents_raise(c, &w));
    TRY(store_put(c, session, STORE_META, DOCUMENTS_KEY, str_bytes(DOCUMENTS_FORM)));
    TRY(store_commit(c, session));
    world_publish(p->worlds);
    return OK;
}

static enum err later_start(struct call *c, struct product *p, struct store_session *session, bytes meta)
{
    bool is_marked;
    TRY(read_meta(c, meta, p));
    TRY(check_marker(c, p, &is_marked));
    TRY(load_seal_key(c, p));
    TRY(load_keys(c, session, p)); // shows that the seal key fits
    TRY(worlds_load(c, session, &p->worlds));
    TRY(raise_documents(c, p, session));
    return is_marked ? OK : finish_first_start(c, p, session);
}

// Keys are kept as long as tokens may live, also those from before a start with a shorter lifetime (T8).
static enum err keep_longest_lifetime(struct call *c, struct product *p, struct store_session *session)
{
    bytes    record;
    int64_t  before_s = 0;
    enum err found = store_get(c, session, STORE_META, LIFETIME_KEY, &record);
    if (found != OK && found != ERR_NOT_FOUND) return found;
    call_forgive(c);
    if (found == OK && !str_to_i64(bytes_str(record), &before_s)) return FAIL(c, ERR_STORE_DAMAGED, "The longest lifetime of tokens is no number.");
    p->longest_lifetime_s = before_s > p->token_lifetime_s ? before_s : p->token_lifetime_s;
    if (before_s >= p->token_lifetime_s) return OK;
    str text = call_format(c, "%lld", (long long)p->longest_lifetime_s);
    TRY(call_check_texts(c));
    TRY(store_begin(c, session));
    TRY(store_put(c, session, STORE_META, LIFETIME_KEY, str_bytes(text)));
    return store_commit(c, session);
}

static enum err open_with(struct call *c, struct product *p, struct store_session *session, const char *key_file)
{
    bytes    meta;
    enum err found = store_get(c, session, STORE_META, META_KEY, &meta);
    if (found == OK) return later_start(c, p, session, meta);
    if (found != ERR_NOT_FOUND) return found;
    call_forgive(c);
    if (key_file)
        return FAIL(
            c, ERR_STORE_DAMAGED,
            "%.*s/lanyard.db holds no tenant, but %s of one is there: bring lanyard.db back from a backup, or move the keys away to start empty.",
            PSTR(p->data_dir), key_file);
    TRY(worlds_load(c, session, &p->worlds));
    return first_start(c, p, session);
}

// What a tenant leaves in its directory besides the database; NULL: nothing.
static enum err find_key_file(struct call *c, str directory, const char **out)
{
    static const char *const NAMES[] = {SEAL_KEY_FILE, TENANT_FILE, "ca.key", "ca.pem", "server.key", "server.pem"};
    *out = NULL;
    for (size_t i = 0; i < COUNT(NAMES) && !*out; i++) {
        bool is_there;
        TRY(files_exist(c, directory, NAMES[i], &is_there));
        if (is_there) *out = NAMES[i];
    }
    return OK;
}

enum err state_open(struct call *c, struct product *p)
{
    CLEANUP(close_session) struct store_session *session = NULL;
    const char                                  *key_file;
    TRY(files_make_directory(c, p->data_dir));
    TRY(find_key_file(c, p->data_dir, &key_file));
    TRY(key_file ? store_open_sqlite_again(c, p->data_dir, &p->store) : store_open_sqlite(c, p->data_dir, &p->store));
    TRY(store_session_open(c, p->store, STORE_WRITE, &session));
    enum err failed = open_with(c, p, session, key_file);
    if (failed != OK && key_file) store_distrust(p->store);
    TRY(failed);
    TRY(log_keep_start(c, p, session));
    return keep_longest_lifetime(c, p, session);
}

void state_close(struct product *p)
{
    for (size_t i = 0; i < COUNT(p->sessions); i++)
        if (p->sessions[i]) store_session_close(p->sessions[i]);
    product_keyring_put(p, NULL);
    worlds_free(p->worlds);
    if (p->store) store_close(p->store);
    secret_clear(&p->seal_key);
}
