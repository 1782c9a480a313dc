#include "ops/secrets.h"

#include "core/random.h"
#include "ops/effects.h"
#include "ops/secret_backup.h"
#include "ops/secret_records.h"

#define VERSION_ORDER_BYTES 8                     /* of a version: when it was made, in nanoseconds, most significant first */
#define DATE_MAX_S          INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static bool is_name_char(char ch)
{
    char lower = char_lower(ch);
    return (lower >= 'a' && lower <= 'z') || (ch >= '0' && ch <= '9') || ch == '-';
}

enum err secrets_check_name(struct call *c, str name)
{
    bool fits = name.n >= 1 && name.n <= SECRETS_MAX_NAME_BYTES;
    for (size_t i = 0; i < name.n && fits; i++) fits = is_name_char(name.at[i]);
    if (fits) return OK;
    return FAIL(c, ERR_NAME_INVALID, "The request URI contains an invalid name: %.*s", PSTR(str_upto(name, SECRETS_MAX_NAME_BYTES + 1)));
}

static enum err not_found(struct call *c, const struct secrets_args *a)
{
    return FAIL(c, ERR_SECRET_NOT_FOUND,
                "A secret with (name/id) %.*s%s%.*s was not found in this key vault. If you recently deleted this secret you may be able to "
                "recover it using the correct recovery command. For help resolving this issue, please see "
                "https://go.microsoft.com/fwlink/?linkid=2125182",
                PSTR(a->name), str_empty(a->version) ? "" : "/", PSTR(str_upto(a->version, SECRETS_MAX_NAME_BYTES)));
}

static struct secret_records records_of(const struct work *w, const struct vault *v)
{
    return (struct secret_records){.session = w->store, .seal_key = &w->product->seal_key, .vault = v->resource->uid};
}

static bool is_due(const struct secret_head *head, const struct call *c)
{
    return head->purge_due_s <= c->now_s;
}

static enum err find_live(struct call *c, const struct secret_records *r, const struct secrets_args *a, struct secret_head *out)
{
    bool found;
    TRY(secret_head_find(c, r, SECRET_LIVE, a->name, out, &found));
    return found ? OK : not_found(c, a);
}

// One that is due is as good as gone, whether or not it was removed already.
static enum err find_deleted(struct call *c, const struct secret_records *r, const struct secrets_args *a, struct secret_head *out, bool *out_found)
{
    TRY(secret_head_find(c, r, SECRET_DELETED, a->name, out, out_found));
    if (*out_found && is_due(out, c)) *out_found = false;
    return OK;
}

// The newest version of that head. A reader may come between a head and its version while both are purged: then it was not found.
static enum err newest_of(struct call *c, const struct secret_records *r, const struct secret_head *head, struct secret_stored *out, bool *out_found)
{
    TRY(secret_version_find(c, r, head->name, head->newest, out, out_found));
    out->secret.deleted_s = head->deleted_s;
    out->secret.purge_due_s = head->purge_due_s;
    return OK;
}

static enum err require_newest(struct call *c, const struct secret_records *r, const struct secrets_args *a, const struct secret_head *head,
                               struct secret_stored *out)
{
    bool found;
    TRY(newest_of(c, r, head, out, &found));
    return found ? OK : not_found(c, a);
}

static bool parse_version(str text, secret_version *out)
{
    secret_version v;
    if (text.n != 2 * sizeof v.g.b) return false;
    for (size_t i = 0; i < sizeof v.g.b; i++) {
        int high = char_hex(text.at[2 * i]), low = char_hex(text.at[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        v.g.b[i] = (uint8_t)(high << 4 | low);
    }
    *out = v;
    return true;
}

// The version that is asked for, of a living secret: the newest if none is named.
static enum err find_version(struct call *c, const struct secret_records *r, const struct secrets_args *a, struct secret_stored *out)
{
    struct secret_head head;
    secret_version     version;
    bool               found;
    TRY(store_begin_latest(c, r->session)); // head and version are two looks at one state
    TRY(find_live(c, r, a, &head));
    if (str_empty(a->version)) return require_newest(c, r, a, &head, out);
    if (!parse_version(a->version, &version)) return not_found(c, a);
    TRY(secret_version_find(c, r, head.name, version, out, &found));
    return found ? OK : not_found(c, a);
}

static uint64_t order_of(secret_version v)
{
    uint64_t order = 0;
    for (size_t i = 0; i < VERSION_ORDER_BYTES; i++) order = order << 8 | v.g.b[i];
    return order;
}

// Later than `before` also when the clock has not moved on since, or was set back.
static secret_version version_after(struct call *c, secret_version before)
{
    secret_version v;
    uint64_t       order = order_of(before) + 1;
    if (order < (uint64_t)c->now_ns) order = (uint64_t)c->now_ns;
    for (size_t i = 0; i < VERSION_ORDER_BYTES; i++) v.g.b[i] = (uint8_t)(order >> (56 - 8 * i));
    random_fill(c->random, v.g.b + VERSION_ORDER_BYTES, sizeof v.g.b - VERSION_ORDER_BYTES);
    return v;
}

static size_t chars_of(str utf8)
{
    size_t n = 0;
    for (size_t i = 0; i < utf8.n; i++) n += ((unsigned char)utf8.at[i] & 0xC0) != 0x80;
    return n;
}

static bool fits_tags(const struct vault_secret_wish *wish)
{
    if (wish->tag_n > SECRETS_MAX_TAGS) return false;
    for (size_t i = 0; i < wish->tag_n; i++)
        if (chars_of(wish->tags[i].name) > SECRETS_MAX_TAG_CHARS || chars_of(wish->tags[i].value) > SECRETS_MAX_TAG_CHARS) return false;
    return true;
}

static bool fits_date(int64_t s)
{
    return s >= 0 && s <= DATE_MAX_S;
}

static enum err check_wish(struct call *c, const struct vault_secret_wish *wish)
{
    const char *unfit = NULL;
    if (!fits_date(wish->not_before_s)) unfit = "attributes.nbf";
    else if (!fits_date(wish->expires_s)) unfit = "attributes.exp";
    else if (chars_of(wish->content_type) > SECRETS_MAX_CONTENT_TYPE_CHARS) unfit = "contentType";
    else if (!fits_tags(wish)) unfit = "tags";
    return unfit ? FAIL(c, ERR_PARAMETER_INVALID, "Property %s has invalid value\r\n", unfit) : OK;
}

static void apply_wish(const struct vault_secret_wish *wish, struct vault_secret *s)
{
    if (wish->gives_enabled) s->is_enabled = wish->is_enabled;
    if (wish->gives_not_before) {
        s->has_not_before = true;
        s->not_before_s = wish->not_before_s;
    }
    if (wish->gives_expires) {
        s->has_expires = true;
        s->expires_s = wish->expires_s;
    }
    if (wish->gives_content_type) {
        s->has_content_type = true;
        s->content_type = wish->content_type;
    }
    if (wish->gives_tags) {
        s->has_tags = true;
        s->tags = wish->tags;
        s->tag_n = wish->tag_n;
    }
}

static enum err refuse_deleted(struct call *c, str name)
{
    return FAIL(c, ERR_SECRET_DELETED,
                "Secret %.*s is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can "
                "only be recovered or purged.",
                PSTR(name));
}

// The head to put a new version under. A deleted secret holds its name until it is due; then nothing of it is left.
static enum err head_for_set(struct call *c, const struct secret_records *r, str name, struct secret_head *out)
{
    bool               found;
    struct secret_head old;
    TRY(secret_head_find(c, r, SECRET_LIVE, name, out, &found));
    if (found) return OK;
    TRY(secret_head_find(c, r, SECRET_DELETED, name, &old, &found));
    if (found && !is_due(&old, c)) return refuse_deleted(c, old.name);
    if (found) TRY(secret_drop(c, r, SECRET_DELETED, name));
    *out = (struct secret_head){.vault = r->vault, .name = name};
    return OK;
}

static enum err run_set(struct call *c, struct work *w, const void *args, void *out)
{
    const struct secrets_args *a = args;
    struct secret_records      r = records_of(w, a->vault);
    struct secret_stored       stored = {.secret = {.is_enabled = true, .created_s = c->now_s, .updated_s = c->now_s}};
    struct secret_head         head;
    if (a->value->n > SECRETS_MAX_VALUE_BYTES)
        return FAIL(c, ERR_SECRET_TOO_LARGE, "Secret is beyond the maximum permitted length of %d characters.", SECRETS_MAX_VALUE_BYTES);
    TRY(check_wish(c, &a->wish));
    TRY(head_for_set(c, &r, a->name, &head));
    apply_wish(&a->wish, &stored.secret);
    head.newest = version_after(c, head.newest);
    stored.secret.name = head.name;
    stored.secret.version = head.newest;
    TRY(secret_value_seal(c, &r, head.name, head.newest, a->value, &stored.sealed));
    TRY(secret_version_put(c, &r, &stored));
    *(struct vault_secret *)out = stored.secret;
    return secret_head_put(c, &r, SECRET_LIVE, &head);
}

static enum err run_get(struct call *c, struct work *w, const void *args, void *out)
{
    const struct secrets_args *a = args;
    struct vault_secret_open  *open = out;
    struct secret_records      r = records_of(w, a->vault);
    struct secret_stored       stored;
    TRY(find_version(c, &r, a, &stored));
    if (!stored.secret.is_enabled) return FAIL(c, ERR_SECRET_DISABLED, "Operation get is not allowed on a disabled secret.");
    TRY(secret_value_open(c, &r, &stored, &open->value));
    open->secret = stored.secret;
    return OK;
}

static enum err run_update(struct call *c, struct work *w, const void *args, void *out)
{
    const struct secrets_args *a = args;
    struct secret_records      r = records_of(w, a->vault);
    struct secret_stored       stored;
    TRY(check_wish(c, &a->wish));
    TRY(find_version(c, &r, a, &stored));
    apply_wish(&a->wish, &stored.secret);
    stored.secret.updated_s = c->now_s;
    *(struct vault_secret *)out = stored.secret;
    return secret_version_put(c, &r, &stored);
}

static enum err run_describe(struct call *c, struct work *w, const void *args, void *out)
{
    const struct secrets_args *a = args;
    struct secret_records      r = records_of(w, a->vault);
    struct secret_stored       stored;
    TRY(find_version(c, &r, a, &stored));
    *(struct vault_secret *)out = stored.secret;
    return OK;
}

static enum err start_page(struct call *c, size_t room, struct secrets_page *out)
{
    *out = (struct secrets_page){0};
    return NEW(c, &out->items, room);
}

static enum err add_newest(struct call *c, const struct secret_records *r, const struct secret_head *head, struct secrets_page *page)
{
    struct secret_stored stored;
    bool                 found;
    TRY(newest_of(c, r, head, &stored, &found));
    if (found) page->items[page->n++] = stored.secret;
    return OK;
}

// One head more than fits is asked for: it tells whether there is a next page. Due ones are left out.
static enum err list_collection(struct call *c, struct work *w, enum secret_collection collection, const struct secrets_args *a,
                                struct secrets_page *out)
{
    struct secret_records r = records_of(w, a->vault);
    struct secret_head   *heads;
    size_t                n = 0;
    str                   after = a->after;
    TRY(start_page(c, a->limit, out));
    do {
        TRY(secret_head_list(c, &r, collection, after, a->limit + 1, &heads, &n));
        for (size_t i = 0; i < n; i++) {
            if (collection == SECRET_DELETED && is_due(&heads[i], c)) continue;
            if (out->n == a->limit) {
                out->next = out->items[out->n - 1].name;
                return OK;
            }
            TRY(add_newest(c, &r, &heads[i], out));
        }
        if (n) after = heads[n - 1].name;
    } while (n == a->limit + 1);
    return OK;
}

static enum err run_list(struct call *c, struct work *w, const void *args, void *out)
{
    return list_collection(c, w, SECRET_LIVE, args, out);
}

static enum err run_list_deleted(struct call *c, struct work *w, const void *args, void *out)
{
    return list_collection(c, w, SECRET_DELETED, args, out);
}

static enum err run_versions(struct call *c, struct work *w, const void *args, void *out)
{
    const struct secrets_args *a = args;
    struct secrets_page       *page = out;
    struct secret_records      r = records_of(w, a->vault);
    struct secret_head         head;
    struct secret_stored      *stored;
    secret_version             after;
    size_t                     n;
    bool                       found;
    TRY(start_page(c, a->limit, page));
    if (!str_empty(a->after) && !parse_version(a->after, &after)) return FAIL(c, ERR_PARAMETER_INVALID, "The page to go on from is none.");
    TRY(secret_head_find(c, &r, SECRET_LIVE, a->name, &head, &found));
    if (!found) return OK;
    TRY(secret_version_list(c, &r, head.name, str_empty(a->after) ? NULL : &after, a->limit + 1, &stored, &n));
    for (; page->n < n && page->n < a->limit; page->n++) page->items[page->n] = stored[page->n].secret;
    if (n > a->limit) page->next = call_format(c, "%s", guid_digits(page->items[page->n - 1].version.g).s);
    return OK;
}

static enum err move_head(struct call *c, const struct secret_records *r, enum secret_collection from, enum secret_collection to,
                          const struct secret_head *head)
{
    TRY(secret_head_remove(c, r, from, head->name));
    return secret_head_put(c, r, to, head);
}

static enum err run_delete(struct call *c, struct work *w, const void *args, void *out)
{
    const struct secrets_args *a = args;
    struct secret_records      r = records_of(w, a->vault);
    struct secret_head         head;
    struct secret_stored       stored;
    TRY(find_live(c, &r, a, &head));
    head.deleted_s = c->now_s;
    head.purge_due_s = c->now_s + a->vault->retention_days * S_PER_DAY;
    TRY(require_newest(c, &r, a, &head, &stored));
    *(struct vault_secret *)out = stored.secret;
    return move_head(c, &r, SECRET_LIVE, SECRET_DELETED, &head);
}

static enum err run_get_deleted(struct call *c, struct work *w, const void *args, void *out)
{
    const struct secrets_args *a = args;
    struct secret_records      r = records_of(w, a->vault);
    struct secret_head         head;
    struct secret_stored       stored;
    bool                       found;
    TRY(find_deleted(c, &r, a, &head, &found));
    if (found) TRY(newest_of(c, &r, &head, &stored, &found));
    if (!found) return FAIL(c, ERR_SECRET_NOT_FOUND, "Deleted Secret not found: %.*s", PSTR(a->name));
    *(struct vault_secret *)out = stored.secret;
    return OK;
}

static enum err run_recover(struct call *c, struct work *w, const void *args, void *out)
{
    const struct secrets_args *a = args;
    struct secret_records      r = records_of(w, a->vault);
    struct secret_head         head;
    struct secret_stored       stored;
    bool                       found;
    TRY(find_deleted(c, &r, a, &head, &found));
    if (!found) return not_found(c, a);
    head.deleted_s = head.purge_due_s = 0;
    TRY(require_newest(c, &r, a, &head, &stored));
    *(struct vault_secret *)out = stored.secret;
    return move_head(c, &r, SECRET_DELETED, SECRET_LIVE, &head);
}

static enum err run_purge(struct call *c, struct work *w, const void *args, void *out)
{
    const struct secrets_args *a = args;
    struct secret_records      r = records_of(w, a->vault);
    struct secret_head         head;
    bool                       found;
    (void)out;
    TRY(find_deleted(c, &r, a, &head, &found));
    if (!found) return not_found(c, a);
    if (a->vault->is_purge_protected)
        return FAIL(c, ERR_PURGE_PROTECTED,
                    "Operation \"purge\" is not allowed because purge protection is enabled for this vault. Key Vault service will "
                    "automatically purge it after the retention period has passed.\r\nVault: %.*s;location=%.*s",
                    PSTR(a->vault->resource->name), PSTR(a->vault->resource->location));
    return secret_drop(c, &r, SECRET_DELETED, a->name);
}

static enum err run_backup(struct call *c, struct work *w, const void *args, void *out)
{
    const struct secrets_args *a = args;
    struct secret_records      r = records_of(w, a->vault);
    struct secret_head         head;
    TRY(find_live(c, &r, a, &head));
    return secret_backup_make(c, w, a->vault, &r, &head, out);
}

static enum err refuse_existing(struct call *c, const struct vault *v, const struct secret_head *head)
{
    return FAIL(c, ERR_SECRET_EXISTS,
                "There was a conflict restoring the secret '%.*s/secrets/%.*s/%s'. This can happen if either: a second secret with the same "
                "name was created after the first secret was deleted; thus trying to restore a secret whose name is already in use. To fix "
                "this, rename the second secret to something else so that the restore works. The second probable cause of this exception is "
                "when multiple operations are performed in parallel against the secret. To avoid this error, perform operations against a "
                "secret in a sequential manner.",
                PSTR(v->url), PSTR(head->name), guid_digits(head->newest.g).s);
}

static enum err run_restore(struct call *c, struct work *w, const void *args, void *out)
{
    const struct secrets_args *a = args;
    struct secret_records      r = records_of(w, a->vault);
    struct secret_head         head, old;
    struct secret_stored       stored;
    struct secret_backup       backup;
    bool                       found;
    TRY(secret_backup_read(c, w, a->vault, a->backup, &backup));
    TRY(secrets_check_name(c, backup.name));
    TRY(secret_head_find(c, &r, SECRET_LIVE, backup.name, &old, &found));
    if (found) return refuse_existing(c, a->vault, &(struct secret_head){.name = backup.name, .newest = backup.newest});
    TRY(head_for_set(c, &r, backup.name, &head));
    TRY(secret_backup_put(c, w, a->vault, &r, &backup));
    head.newest = backup.newest;
    TRY(require_newest(c, &r, a, &head, &stored));
    *(struct vault_secret *)out = stored.secret;
    return secret_head_put(c, &r, SECRET_LIVE, &head);
}

enum err secrets_purge_vault(struct call *c, struct work *w, guid vault_uid)
{
    return secret_drop_all(c, &(struct secret_records){.session = w->store, .seal_key = &w->product->seal_key, .vault = vault_uid});
}

enum err secrets_purge_due(struct call *c, struct work *w, size_t limit, size_t *out_n)
{
    str    after = STR_NONE;
    size_t n, purged = 0;
    do {
        struct secret_head *heads;
        TRY(secret_head_list_due(c, w->store, c->now_s, limit, &after, &heads, &n));
        for (size_t i = 0; i < n && purged < limit; i++, purged++) {
            struct secret_records r = {.session = w->store, .seal_key = &w->product->seal_key, .vault = heads[i].vault};
            if (w->writes) TRY(secret_drop(c, &r, SECRET_DELETED, heads[i].name));
        }
    } while (!str_empty(after) && purged < limit);
    *out_n = purged;
    return OK;
}

// --- names: what conditions see of them ---

// One that is due holds its name no longer.
static enum err find_name(struct call *c, const struct work *w, const struct vault *v, str name, str *out, bool *out_found)
{
    struct secret_records r = records_of(w, v);
    struct secret_head    head;
    struct secrets_args   asked = {.name = name};
    TRY(secret_head_find(c, &r, SECRET_LIVE, name, &head, out_found));
    if (!*out_found) TRY(find_deleted(c, &r, &asked, &head, out_found));
    *out = *out_found ? head.name : name;
    return OK;
}

// The secret as a site: by the name that is kept; a name that nothing is kept under, in any case too.
static enum err add_secret(struct call *c, const struct work *w, const struct vault *v, str name, struct effect_sites *out)
{
    struct effect_site site = {0};
    bool               found;
    TRY(find_name(c, w, v, name, &name, &found));
    TRY(vault_object_scope(c, v, "secrets", name, &site.scope));
    for (int nocase = 0; nocase <= !found; nocase++) {
        TRY(vault_name_attributes(c, "secrets", name, nocase, &site.attributes));
        TRY(effect_site_add(c, out, site));
    }
    return OK;
}

static enum err find_new_name(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const struct secrets_args *a = args;
    str                        name;
    bool                       found;
    (void)e;
    if (!a->vault->uses_rbac) return OK; // neither roles nor denies count in it
    TRY(find_name(c, w, a->vault, a->name, &name, &found));
    return found ? OK : add_secret(c, w, a->vault, a->name, out);
}

static enum err find_restored(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const struct secrets_args *a = args;
    struct secret_backup       backup;
    (void)e;
    if (!a->vault->uses_rbac) return OK;
    TRY(secret_backup_read(c, w, a->vault, a->backup, &backup));
    TRY(secrets_check_name(c, backup.name));
    return add_secret(c, w, a->vault, backup.name, out);
}

static enum err find_written(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const struct secrets_args *a = args;
    (void)e;
    return a->vault->uses_rbac ? add_secret(c, w, a->vault, a->name, out) : OK;
}

#define ACTIONS VAULT_TYPE "/secrets/"
/*
 * Names are found in any case, so a secret that is made as FORBIDDEN is read as "forbidden". A condition about names that
 * nothing is kept under yet must hold for the name as it is sent and in any other case. Inferred.
 */
static const struct effect EFFECT_SECRET_NEW_NAME = {
    .name = "secret_new_name", .rule = EFFECT_NEEDS, .plane = RBAC_DATA, .action = ACTIONS "setSecret/action", .find = find_new_name};
/*
 * Whoever has a backup can restore it into a vault where he may read. Roles may give the one without the other, as
 * published; but a deny of the value holds for its backup. Inferred.
 */
static const struct effect EFFECT_SECRET_BACKUP = {
    .name = "secret_backup", .rule = EFFECT_NOT_DENIED, .plane = RBAC_DATA, .action = ACTIONS "getSecret/action", .find = find_written};
/* A restore is asked for at the vault; denies may stand at the secret. Inferred. */
static const struct effect EFFECT_SECRET_RESTORE = {
    .name = "secret_restore", .rule = EFFECT_NOT_DENIED, .plane = RBAC_DATA, .action = ACTIONS "restore/action", .find = find_restored};
/* A template sets a secret by a permission of the management API; a deny of the data plane's own permission holds for it. Inferred. */
static const struct effect EFFECT_SECRET_BY_TEMPLATE = {
    .name = "secret_by_template", .rule = EFFECT_NOT_DENIED, .plane = RBAC_DATA, .action = ACTIONS "setSecret/action", .find = find_written};

#define OWN_SECRET "its permission names the one secret that it changes"
#define READS(name_, logged_, action_, permission_, run_, ...)                                                                     \
    {.op = {.name = name_, .logged_as = logged_, .plane = RBAC_DATA, .action = ACTIONS action_, .run = run_, __VA_ARGS__},         \
     .collection = "secrets",                                                                                                      \
     .permission = permission_,                                                                                                    \
     .find_name = find_name}
#define WRITES(name_, logged_, action_, permission_, run_, ...)                                                                             \
    {.op = {.name = name_, .logged_as = logged_, .plane = RBAC_DATA, .action = ACTIONS action_, .writes = true, .run = run_, __VA_ARGS__}, \
     .collection = "secrets",                                                                                                      \
     .permission = permission_,                                                                                                    \
     .find_name = find_name}

const struct vault_op SECRETS_SET = WRITES("secret_set", "SecretSet", "setSecret/action", "set", run_set, .effects = {&EFFECT_SECRET_NEW_NAME});
const struct vault_op SECRETS_GET = READS("secret_get", "SecretGet", "getSecret/action", "get", run_get);
const struct vault_op SECRETS_UPDATE = WRITES("secret_update", "SecretUpdate", "update/action", "set", run_update, .no_effects = OWN_SECRET);
const struct vault_op SECRETS_LIST = READS("secret_list", "SecretList", "readMetadata/action", "list", run_list);
const struct vault_op SECRETS_VERSIONS = READS("secret_versions", "SecretListVersions", "readMetadata/action", "list", run_versions);
const struct vault_op SECRETS_DELETE = WRITES("secret_delete", "SecretDelete", "delete", "delete", run_delete, .no_effects = OWN_SECRET);
const struct vault_op SECRETS_GET_DELETED = READS("deleted_secret_get", "SecretGetDeleted", "readMetadata/action", "get", run_get_deleted);
const struct vault_op SECRETS_LIST_DELETED = READS("deleted_secret_list", "SecretListDeleted", "readMetadata/action", "list", run_list_deleted);
const struct vault_op SECRETS_RECOVER = WRITES("secret_recover", "SecretRecover", "recover/action", "recover", run_recover, .no_effects = OWN_SECRET);
const struct vault_op SECRETS_PURGE = WRITES("secret_purge", "SecretPurge", "purge/action", "purge", run_purge, .no_effects = OWN_SECRET);
const struct vault_op SECRETS_BACKUP =
    READS("secret_backup", "SecretBackup", "backup/action", "backup", run_backup, .effects = {&EFFECT_SECRET_BACKUP});
const struct vault_op SECRETS_RESTORE =
    WRITES("secret_restore", "SecretRestore", "restore/action", "restore", run_restore, .effects = {&EFFECT_SECRET_RESTORE});

const struct vault_op *const SECRETS_OPS[] = {&SECRETS_SET,      &SECRETS_GET,    &SECRETS_UPDATE,      &SECRETS_LIST,
                                              &SECRETS_VERSIONS, &SECRETS_DELETE, &SECRETS_GET_DELETED, &SECRETS_LIST_DELETED,
                                              &SECRETS_RECOVER,  &SECRETS_PURGE,  &SECRETS_BACKUP,      &SECRETS_RESTORE};
const size_t                 SECRETS_OP_N = COUNT(SECRETS_OPS);

const struct op OP_VAULT_SECRET_WRITE = {
    .name = "vault_secret_write", .action = ACTIONS "write", .writes = true, .run = run_set, .effects = {&EFFECT_SECRET_BY_TEMPLATE}};
const struct op OP_VAULT_SECRET_UPDATE = {
    .name = "vault_secret_update", .action = ACTIONS "write", .writes = true, .run = run_update, .effects = {&EFFECT_SECRET_BY_TEMPLATE}};
const struct op OP_VAULT_SECRET_READ = {.name = "vault_secret_read", .action = ACTIONS "read", .run = run_describe};
const struct op OP_VAULT_SECRET_LIST = {.name = "vault_secret_list", .action = ACTIONS "read", .run = run_list};
