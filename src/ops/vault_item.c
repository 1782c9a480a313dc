#include "ops/vault_item.h"

#include "core/random.h"
#include "ops/vault_item_backup.h"
#include "ops/vault_item_records.h"

#define VERSION_ORDER_BYTES 8                     /* of a version: when it was made, in nanoseconds, most significant first */
#define DATE_MAX_S          INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static bool is_name_char(char ch)
{
    char lower = char_lower(ch);
    return (lower >= 'a' && lower <= 'z') || (ch >= '0' && ch <= '9') || ch == '-';
}

enum err vault_item_check_name(struct call *c, str name)
{
    bool fits = name.n >= 1 && name.n <= VAULT_ITEM_MAX_NAME_BYTES;
    for (size_t i = 0; i < name.n && fits; i++) fits = is_name_char(name.at[i]);
    if (fits) return OK;
    return FAIL(c, ERR_NAME_INVALID, "The request URI contains an invalid name: %.*s", PSTR(str_upto(name, VAULT_ITEM_MAX_NAME_BYTES + 1)));
}

static enum err not_found(struct call *c, const struct vault_item_args *a)
{
    return FAIL(c, a->kind->not_found,
                "A %s with (name/id) %.*s%s%.*s was not found in this key vault. If you recently deleted this %s you may be able to "
                "recover it using the correct recovery command. For help resolving this issue, please see "
                "https://go.microsoft.com/fwlink/?linkid=2125182",
                a->kind->noun, PSTR(a->name), str_empty(a->version) ? "" : "/", PSTR(str_upto(a->version, VAULT_ITEM_MAX_NAME_BYTES)), a->kind->noun);
}

static struct item_records records_at(const struct work *w, const struct vault_item_kind *kind, guid vault)
{
    return (struct item_records){.kind = kind, .session = w->store, .seal_key = &w->product->seal_key, .vault = vault};
}

static struct item_records records_of(const struct work *w, const struct vault_item_args *a)
{
    return records_at(w, a->kind, a->vault->resource->uid);
}

static bool is_due(const struct item_head *head, const struct call *c)
{
    return head->purge_due_s <= c->now_s;
}

static enum err find_live(struct call *c, const struct item_records *r, const struct vault_item_args *a, struct item_head *out)
{
    bool found;
    TRY(item_head_find(c, r, ITEM_LIVE, a->name, out, &found));
    return found ? OK : not_found(c, a);
}

// One that is due is as good as gone, whether or not it was removed already.
static enum err find_deleted(struct call *c, const struct item_records *r, const struct vault_item_args *a, struct item_head *out, bool *out_found)
{
    TRY(item_head_find(c, r, ITEM_DELETED, a->name, out, out_found));
    if (*out_found && is_due(out, c)) *out_found = false;
    return OK;
}

// The newest version of that head. A reader may come between a head and its version while both are purged: then it was not found.
static enum err newest_of(struct call *c, const struct item_records *r, const struct item_head *head, struct item_stored *out, bool *out_found)
{
    TRY(item_version_find(c, r, head->name, head->newest, out, out_found));
    out->item.deleted_s = head->deleted_s;
    out->item.purge_due_s = head->purge_due_s;
    return OK;
}

static enum err require_newest(struct call *c, const struct item_records *r, const struct vault_item_args *a, const struct item_head *head,
                               struct item_stored *out)
{
    bool found;
    TRY(newest_of(c, r, head, out, &found));
    return found ? OK : not_found(c, a);
}

static bool parse_version(str text, item_version *out)
{
    item_version v;
    if (text.n != 2 * sizeof v.g.b) return false;
    for (size_t i = 0; i < sizeof v.g.b; i++) {
        int high = char_hex(text.at[2 * i]), low = char_hex(text.at[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        v.g.b[i] = (uint8_t)(high << 4 | low);
    }
    *out = v;
    return true;
}

// The version that is asked for, of a living item: the newest if none is named.
static enum err find_version(struct call *c, const struct item_records *r, const struct vault_item_args *a, struct item_stored *out)
{
    struct item_head head;
    item_version     version;
    bool             found;
    TRY(store_begin_latest(c, r->session)); // head and version are two looks at one state
    TRY(find_live(c, r, a, &head));
    if (str_empty(a->version)) return require_newest(c, r, a, &head, out);
    if (!parse_version(a->version, &version)) return not_found(c, a);
    TRY(item_version_find(c, r, head.name, version, out, &found));
    return found ? OK : not_found(c, a);
}

static uint64_t order_of(item_version v)
{
    uint64_t order = 0;
    for (size_t i = 0; i < VERSION_ORDER_BYTES; i++) order = order << 8 | v.g.b[i];
    return order;
}

// Later than `before` also when the clock has not moved on since, or was set back.
static item_version version_after(struct call *c, item_version before)
{
    item_version v;
    uint64_t     order = order_of(before) + 1;
    if (order < (uint64_t)c->now_ns) order = (uint64_t)c->now_ns;
    for (size_t i = 0; i < VERSION_ORDER_BYTES; i++) v.g.b[i] = (uint8_t)(order >> (56 - 8 * i));
    random_fill(c->random, v.g.b + VERSION_ORDER_BYTES, sizeof v.g.b - VERSION_ORDER_BYTES);
    return v;
}

static bool fits_tags(const struct vault_item_wish *wish)
{
    if (wish->tag_n > VAULT_ITEM_MAX_TAGS) return false;
    for (size_t i = 0; i < wish->tag_n; i++)
        if (str_characters(wish->tags[i].name) > VAULT_ITEM_MAX_TAG_CHARS || str_characters(wish->tags[i].value) > VAULT_ITEM_MAX_TAG_CHARS)
            return false;
    return true;
}

static bool fits_date(int64_t s)
{
    return s >= 0 && s <= DATE_MAX_S;
}

static enum err check_wish(struct call *c, const struct vault_item_wish *wish)
{
    const char *unfit = NULL;
    if (!fits_date(wish->not_before_s)) unfit = "attributes.nbf";
    else if (!fits_date(wish->expires_s)) unfit = "attributes.exp";
    else if (!fits_tags(wish)) unfit = "tags";
    return unfit ? FAIL(c, ERR_PARAMETER_INVALID, "Property %s has invalid value\r\n", unfit) : OK;
}

static void apply_wish(const struct vault_item_wish *wish, struct vault_item *s)
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
    if (wish->gives_details) {
        s->has_details = true;
        s->details = wish->details;
    }
    if (wish->gives_tags) {
        s->has_tags = true;
        s->tags = wish->tags;
        s->tag_n = wish->tag_n;
    }
}

static enum err refuse_deleted(struct call *c, const struct vault_item_kind *kind, str name)
{
    return FAIL(c, kind->is_deleted,
                "%s %.*s is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the %s can "
                "only be recovered or purged.",
                kind->title, PSTR(name), kind->noun);
}

// The head to put a new version under. A deleted item holds its name until it is due; then nothing of it is left.
static enum err head_for_put(struct call *c, const struct item_records *r, str name, struct item_head *out)
{
    bool             found;
    struct item_head old;
    TRY(item_head_find(c, r, ITEM_LIVE, name, out, &found));
    if (found) return OK;
    TRY(item_head_find(c, r, ITEM_DELETED, name, &old, &found));
    if (found && !is_due(&old, c)) return refuse_deleted(c, r->kind, old.name);
    if (found) TRY(item_drop(c, r, ITEM_DELETED, name));
    *out = (struct item_head){.vault = r->vault, .name = name};
    return OK;
}

enum err vault_item_put(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    struct item_records           r = records_of(w, a);
    struct item_stored            stored = {.item = {.is_enabled = true, .created_s = c->now_s, .updated_s = c->now_s}};
    struct item_head              head;
    TRY(check_wish(c, &a->wish));
    TRY(head_for_put(c, &r, a->name, &head));
    apply_wish(&a->wish, &stored.item);
    head.newest = version_after(c, head.newest);
    stored.item.name = head.name;
    stored.item.version = head.newest;
    TRY(item_content_seal(c, &r, head.name, head.newest, a->content, &stored.sealed));
    TRY(item_version_put(c, &r, &stored));
    *(struct vault_item *)out = stored.item;
    return item_head_put(c, &r, ITEM_LIVE, &head);
}

enum err vault_item_open(struct call *c, struct work *w, const struct vault_item_args *a, const char *verb, struct vault_item *out,
                         struct secret *out_content)
{
    struct item_records r = records_of(w, a);
    struct item_stored  stored;
    TRY(find_version(c, &r, a, &stored));
    if (!stored.item.is_enabled) return FAIL(c, a->kind->disabled, "Operation %s is not allowed on a disabled %s.", verb, a->kind->noun);
    TRY(item_content_open(c, &r, &stored, out_content));
    *out = stored.item;
    return OK;
}

enum err vault_item_update(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    struct item_records           r = records_of(w, a);
    struct item_stored            stored;
    TRY(check_wish(c, &a->wish));
    TRY(find_version(c, &r, a, &stored));
    apply_wish(&a->wish, &stored.item);
    stored.item.updated_s = c->now_s;
    *(struct vault_item *)out = stored.item;
    return item_version_put(c, &r, &stored);
}

enum err vault_item_describe(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    struct item_records           r = records_of(w, a);
    struct item_stored            stored;
    TRY(find_version(c, &r, a, &stored));
    *(struct vault_item *)out = stored.item;
    return OK;
}

static enum err start_page(struct call *c, size_t room, struct vault_item_page *out)
{
    *out = (struct vault_item_page){0};
    return NEW(c, &out->items, room);
}

static enum err add_newest(struct call *c, const struct item_records *r, const struct item_head *head, struct vault_item_page *page)
{
    struct item_stored stored;
    bool               found;
    TRY(newest_of(c, r, head, &stored, &found));
    if (found) page->items[page->n++] = stored.item;
    return OK;
}

// One head more than fits is asked for: it tells whether there is a next page. Due ones are left out.
static enum err list_collection(struct call *c, struct work *w, enum item_collection collection, const struct vault_item_args *a,
                                struct vault_item_page *out)
{
    struct item_records r = records_of(w, a);
    struct item_head   *heads;
    size_t              n = 0;
    str                 after = a->after;
    TRY(start_page(c, a->limit, out));
    do {
        TRY(item_head_list(c, &r, collection, after, a->limit + 1, &heads, &n));
        for (size_t i = 0; i < n; i++) {
            if (collection == ITEM_DELETED && is_due(&heads[i], c)) continue;
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

enum err vault_item_list(struct call *c, struct work *w, const void *args, void *out)
{
    return list_collection(c, w, ITEM_LIVE, args, out);
}

enum err vault_item_list_deleted(struct call *c, struct work *w, const void *args, void *out)
{
    return list_collection(c, w, ITEM_DELETED, args, out);
}

enum err vault_item_versions(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    struct vault_item_page       *page = out;
    struct item_records           r = records_of(w, a);
    struct item_head              head;
    struct item_stored           *stored;
    item_version                  after;
    size_t                        n;
    bool                          found;
    TRY(start_page(c, a->limit, page));
    if (!str_empty(a->after) && !parse_version(a->after, &after))
        return FAIL(c, ERR_PARAMETER_INVALID, "The $skiptoken does not name a version of this list.");
    TRY(item_head_find(c, &r, ITEM_LIVE, a->name, &head, &found));
    if (!found) return OK;
    TRY(item_version_list(c, &r, head.name, str_empty(a->after) ? NULL : &after, a->limit + 1, &stored, &n));
    for (; page->n < n && page->n < a->limit; page->n++) page->items[page->n] = stored[page->n].item;
    if (n > a->limit) page->next = call_format(c, "%s", guid_digits(page->items[page->n - 1].version.g).s);
    return OK;
}

static enum err move_head(struct call *c, const struct item_records *r, enum item_collection from, enum item_collection to,
                          const struct item_head *head)
{
    TRY(item_head_remove(c, r, from, head->name));
    return item_head_put(c, r, to, head);
}

enum err vault_item_delete(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    struct item_records           r = records_of(w, a);
    struct item_head              head;
    struct item_stored            stored;
    TRY(find_live(c, &r, a, &head));
    head.deleted_s = c->now_s;
    head.purge_due_s = c->now_s + a->vault->retention_days * S_PER_DAY;
    TRY(require_newest(c, &r, a, &head, &stored));
    *(struct vault_item *)out = stored.item;
    return move_head(c, &r, ITEM_LIVE, ITEM_DELETED, &head);
}

enum err vault_item_get_deleted(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    struct item_records           r = records_of(w, a);
    struct item_head              head;
    struct item_stored            stored;
    bool                          found;
    TRY(find_deleted(c, &r, a, &head, &found));
    if (found) TRY(newest_of(c, &r, &head, &stored, &found));
    if (!found) return FAIL(c, a->kind->not_found, "Deleted %s not found: %.*s", a->kind->title, PSTR(a->name));
    *(struct vault_item *)out = stored.item;
    return OK;
}

enum err vault_item_recover(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    struct item_records           r = records_of(w, a);
    struct item_head              head;
    struct item_stored            stored;
    bool                          found;
    TRY(find_deleted(c, &r, a, &head, &found));
    if (!found) return not_found(c, a);
    head.deleted_s = head.purge_due_s = 0;
    TRY(require_newest(c, &r, a, &head, &stored));
    *(struct vault_item *)out = stored.item;
    return move_head(c, &r, ITEM_DELETED, ITEM_LIVE, &head);
}

enum err vault_item_purge(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    struct item_records           r = records_of(w, a);
    struct item_head              head;
    bool                          found;
    (void)out;
    TRY(find_deleted(c, &r, a, &head, &found));
    if (!found) return not_found(c, a);
    if (a->vault->is_purge_protected)
        return FAIL(c, ERR_PURGE_PROTECTED,
                    "Operation \"purge\" is not allowed because purge protection is enabled for this vault. Key Vault service will "
                    "automatically purge it after the retention period has passed.\r\nVault: %.*s;location=%.*s",
                    PSTR(a->vault->resource->name), PSTR(a->vault->resource->location));
    return item_drop(c, &r, ITEM_DELETED, a->name);
}

enum err vault_item_backup(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    struct item_records           r = records_of(w, a);
    struct item_head              head;
    TRY(find_live(c, &r, a, &head));
    return item_backup_make(c, w, a->vault, &r, &head, out);
}

static enum err refuse_existing(struct call *c, const struct vault_item_args *a, const struct item_backup *backup)
{
    const char *noun = a->kind->noun;
    return FAIL(c, a->kind->exists,
                "There was a conflict restoring the %s '%.*s/%s/%.*s/%s'. This can happen if either: a second %s with the same "
                "name was created after the first %s was deleted; thus trying to restore a %s whose name is already in use. To fix "
                "this, rename the second %s to something else so that the restore works. The second probable cause of this exception is "
                "when multiple operations are performed in parallel against the %s. To avoid this error, perform operations against a "
                "%s in a sequential manner.",
                noun, PSTR(a->vault->url), a->kind->collection, PSTR(backup->name), guid_digits(backup->newest.g).s, noun, noun, noun, noun, noun,
                noun);
}

enum err vault_item_restore(struct call *c, struct work *w, const void *args, void *out)
{
    const struct vault_item_args *a = args;
    struct item_records           r = records_of(w, a);
    struct item_head              head, old;
    struct item_stored            stored;
    struct item_backup            backup;
    bool                          found;
    TRY(item_backup_read(c, w, a->vault, a->kind, a->backup, &backup));
    TRY(vault_item_check_name(c, backup.name));
    TRY(item_head_find(c, &r, ITEM_LIVE, backup.name, &old, &found));
    if (found) return refuse_existing(c, a, &backup);
    TRY(head_for_put(c, &r, backup.name, &head));
    TRY(item_backup_put(c, w, a->vault, &r, &backup));
    head.newest = backup.newest;
    TRY(require_newest(c, &r, a, &head, &stored));
    *(struct vault_item *)out = stored.item;
    return item_head_put(c, &r, ITEM_LIVE, &head);
}

enum err vault_item_purge_vault(struct call *c, struct work *w, const struct vault_item_kind *kind, guid vault_uid)
{
    struct item_records r = records_at(w, kind, vault_uid);
    return item_drop_all(c, &r);
}

enum err vault_item_purge_due(struct call *c, struct work *w, const struct vault_item_kind *kind, size_t limit, size_t *out_n)
{
    str    after = STR_NONE;
    size_t n, purged = 0;
    do {
        struct item_head *heads;
        TRY(item_head_list_due(c, w->store, kind->store, c->now_s, limit, &after, &heads, &n));
        for (size_t i = 0; i < n && purged < limit; i++, purged++) {
            struct item_records r = records_at(w, kind, heads[i].vault);
            if (w->writes) TRY(item_drop(c, &r, ITEM_DELETED, heads[i].name));
        }
    } while (!str_empty(after) && purged < limit);
    *out_n = purged;
    return OK;
}

// --- names: what conditions see of them ---

// One that is due holds its name no longer.
static enum err find_name(struct call *c, const struct work *w, const struct vault_item_args *a, str name, str *out, bool *out_found)
{
    struct item_records    r = records_of(w, a);
    struct item_head       head;
    struct vault_item_args asked = {.kind = a->kind, .vault = a->vault, .name = name};
    TRY(item_head_find(c, &r, ITEM_LIVE, name, &head, out_found));
    if (!*out_found) TRY(find_deleted(c, &r, &asked, &head, out_found));
    *out = *out_found ? head.name : name;
    return OK;
}

enum err vault_item_find_name(struct call *c, const struct work *w, const struct vault *v, const struct vault_op *op, str name, str *out,
                              bool *out_found)
{
    return find_name(c, w, &(struct vault_item_args){.kind = op->kind, .vault = v}, name, out, out_found);
}

// The item as a site: by the name that is kept; a name that nothing is kept under, in any case too.
static enum err add_item(struct call *c, const struct work *w, const struct vault_item_args *a, str name, struct effect_sites *out)
{
    struct effect_site site = {0};
    bool               found;
    TRY(find_name(c, w, a, name, &name, &found));
    TRY(vault_object_scope(c, a->vault, a->kind->collection, name, &site.scope));
    for (int nocase = 0; nocase <= !found; nocase++) {
        TRY(vault_name_attributes(c, a->kind->collection, name, nocase, &site.attributes));
        TRY(effect_site_add(c, out, site));
    }
    return OK;
}

enum err vault_item_find_new_name(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const struct vault_item_args *a = args;
    str                           name;
    bool                          found;
    (void)e;
    if (!a->vault->uses_rbac) return OK; // neither roles nor denies count in it
    TRY(find_name(c, w, a, a->name, &name, &found));
    return found ? OK : add_item(c, w, a, a->name, out);
}

enum err vault_item_find_restored(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const struct vault_item_args *a = args;
    struct item_backup            backup;
    (void)e;
    if (!a->vault->uses_rbac) return OK;
    TRY(item_backup_read(c, w, a->vault, a->kind, a->backup, &backup));
    TRY(vault_item_check_name(c, backup.name));
    return add_item(c, w, a, backup.name, out);
}

enum err vault_item_find_written(struct call *c, struct work *w, const struct effect *e, const void *args, struct effect_sites *out)
{
    const struct vault_item_args *a = args;
    (void)e;
    return a->vault->uses_rbac ? add_item(c, w, a, a->name, out) : OK;
}
