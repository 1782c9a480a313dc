#include "ops/vault_item_records.h"

#include "core/digest.h"

#define DROP_BATCH 256

static void add_key(struct buf *b, const struct item_records *r, enum item_collection collection, str name)
{
    buf_add_char(b, (char)collection);
    buf_add(b, guid_key(&r->vault));
    for (size_t i = 0; i < name.n; i++) buf_add_char(b, char_lower(name.at[i]));
}

static enum err head_key(struct call *c, const struct item_records *r, enum item_collection collection, str name, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    add_key(&b, r, collection, name);
    return buf_finish(c, &b, out);
}

// `version` NULL: what the keys of all versions of that name begin with.
static enum err version_key(struct call *c, const struct item_records *r, str name, const item_version *version, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    add_key(&b, r, ITEM_VERSION, name);
    buf_add_char(&b, '\0'); // ends the name: "a" must not begin "ab"
    if (version) buf_add(&b, guid_key(&version->g));
    return buf_finish(c, &b, out);
}

static enum err find(struct call *c, const struct item_records *r, str key, bytes *out, bool *out_found)
{
    enum err failed = store_get(c, r->session, r->kind->store, key, out);
    *out_found = failed == OK;
    if (failed == ERR_NOT_FOUND) {
        call_forgive(c);
        return OK;
    }
    return failed;
}

static enum err read_head(struct call *c, guid vault, bytes body, struct item_head *out)
{
    struct unpack    u;
    struct item_head head = {.vault = vault};
    unpack_begin(&u, body);
    head.name = unpack_str(&u);
    head.newest.g = unpack_guid(&u);
    head.deleted_s = unpack_i64(&u);
    head.purge_due_s = unpack_i64(&u);
    TRY(unpack_end(c, &u));
    *out = head;
    return OK;
}

enum err item_head_find(struct call *c, const struct item_records *r, enum item_collection collection, str name, struct item_head *out,
                        bool *out_found)
{
    str   key;
    bytes body;
    TRY(head_key(c, r, collection, name, &key));
    TRY(find(c, r, key, &body, out_found));
    return *out_found ? read_head(c, r->vault, body, out) : OK;
}

enum err item_head_put(struct call *c, const struct item_records *r, enum item_collection collection, const struct item_head *head)
{
    struct buf b;
    str        key, body;
    buf_init(&b, &c->arena);
    pack_begin(&b, 1);
    pack_str(&b, head->name);
    pack_guid(&b, head->newest.g);
    pack_i64(&b, head->deleted_s);
    pack_i64(&b, head->purge_due_s);
    TRY(buf_finish(c, &b, &body));
    TRY(head_key(c, r, collection, head->name, &key));
    return store_put(c, r->session, r->kind->store, key, str_bytes(body));
}

enum err item_head_remove(struct call *c, const struct item_records *r, enum item_collection collection, str name)
{
    str key;
    TRY(head_key(c, r, collection, name, &key));
    return store_remove(c, r->session, r->kind->store, key);
}

// What a scan gathers; bodies are borrowed for the visit only, so that they are copied.
struct gathering {
    struct item_head *heads;
    size_t            n;
    int64_t           due_by_s; // only heads that are due by then; 0: all
    str               last_key;
    size_t            seen;
};

static enum err gather_head(struct call *c, str key, bytes body, void *context)
{
    struct gathering *g = context;
    struct item_head  head;
    guid              vault;
    str               kept;
    g->seen++;
    if (key.n < 1 + sizeof vault.b) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    memcpy(vault.b, key.at + 1, sizeof vault.b);
    TRY(call_copy_str(c, bytes_str(body), &kept));
    TRY(call_copy_str(c, key, &g->last_key));
    TRY(read_head(c, vault, str_bytes(kept), &head));
    if (g->due_by_s == 0 || head.purge_due_s <= g->due_by_s) g->heads[g->n++] = head;
    return OK;
}

enum err item_head_list(struct call *c, const struct item_records *r, enum item_collection collection, str after, size_t limit,
                        struct item_head **out, size_t *out_n)
{
    struct gathering   g = {0};
    struct store_range range = {.limit = limit};
    TRY(NEW(c, &g.heads, limit));
    TRY(head_key(c, r, collection, STR_NONE, &range.prefix));
    if (!str_empty(after)) TRY(head_key(c, r, collection, after, &range.after));
    TRY(store_scan(c, r->session, r->kind->store, &range, gather_head, &g));
    *out = g.heads;
    *out_n = g.n;
    return OK;
}

enum err item_head_list_due(struct call *c, struct store_session *session, enum store_kind store, int64_t now_s, size_t limit, str *io_after,
                            struct item_head **out, size_t *out_n)
{
    static const char  PREFIX[] = {ITEM_DELETED};
    struct gathering   g = {.due_by_s = now_s};
    struct store_range range = {.prefix = {PREFIX, sizeof PREFIX}, .after = *io_after, .limit = limit};
    TRY(NEW(c, &g.heads, limit));
    TRY(store_scan(c, session, store, &range, gather_head, &g));
    *io_after = g.seen == limit ? g.last_key : STR_NONE;
    *out = g.heads;
    *out_n = g.n;
    return OK;
}

enum attribute_bit { BIT_ENABLED = 1, BIT_NOT_BEFORE = 2, BIT_EXPIRES = 4, BIT_DETAILS = 8, BIT_TAGS = 16 };

void item_pack(struct buf *b, const struct vault_item *s)
{
    pack_u64(b, (s->is_enabled ? BIT_ENABLED : 0u) | (s->has_not_before ? BIT_NOT_BEFORE : 0u) | (s->has_expires ? BIT_EXPIRES : 0u) |
                    (s->has_details ? BIT_DETAILS : 0u) | (s->has_tags ? BIT_TAGS : 0u));
    pack_i64(b, s->not_before_s);
    pack_i64(b, s->expires_s);
    pack_i64(b, s->created_s);
    pack_i64(b, s->updated_s);
    pack_str(b, s->details);
    pack_u64(b, s->tag_n);
    for (size_t i = 0; i < s->tag_n; i++) {
        pack_str(b, s->tags[i].name);
        pack_str(b, s->tags[i].value);
    }
}

enum err item_unpack(struct call *c, struct unpack *u, struct vault_item *out)
{
    uint64_t bits = unpack_u64(u);
    out->is_enabled = bits & BIT_ENABLED;
    out->has_not_before = bits & BIT_NOT_BEFORE;
    out->has_expires = bits & BIT_EXPIRES;
    out->has_details = bits & BIT_DETAILS;
    out->has_tags = bits & BIT_TAGS;
    out->not_before_s = unpack_i64(u);
    out->expires_s = unpack_i64(u);
    out->created_s = unpack_i64(u);
    out->updated_s = unpack_i64(u);
    out->details = unpack_str(u);
    uint64_t          n = unpack_u64(u);
    struct vault_tag *tags = NULL;
    if (u->damaged || n > VAULT_ITEM_MAX_TAGS) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    if (n) TRY(NEW(c, &tags, (size_t)n));
    for (size_t i = 0; i < n; i++) {
        tags[i].name = unpack_str(u);
        tags[i].value = unpack_str(u);
    }
    out->tags = tags;
    out->tag_n = (size_t)n;
    return OK;
}

static enum err read_version(struct call *c, str name, item_version version, bytes body, struct item_stored *out)
{
    struct unpack      u;
    struct item_stored stored = {.item = {.name = name, .version = version}};
    unpack_begin(&u, body);
    TRY(item_unpack(c, &u, &stored.item));
    stored.sealed = str_bytes(unpack_str(&u));
    TRY(unpack_end(c, &u));
    *out = stored;
    return OK;
}

enum err item_version_find(struct call *c, const struct item_records *r, str name, item_version version, struct item_stored *out, bool *out_found)
{
    str   key;
    bytes body;
    TRY(version_key(c, r, name, &version, &key));
    TRY(find(c, r, key, &body, out_found));
    return *out_found ? read_version(c, name, version, body, out) : OK;
}

enum err item_version_put(struct call *c, const struct item_records *r, const struct item_stored *stored)
{
    struct buf b;
    str        key, body;
    buf_init(&b, &c->arena);
    pack_begin(&b, 1);
    item_pack(&b, &stored->item);
    pack_str(&b, bytes_str(stored->sealed));
    TRY(buf_finish(c, &b, &body));
    TRY(version_key(c, r, stored->item.name, &stored->item.version, &key));
    return store_put(c, r->session, r->kind->store, key, str_bytes(body));
}

struct version_listing {
    struct item_stored *items;
    size_t              n;
    str                 name;
};

static enum err gather_version(struct call *c, str key, bytes body, void *context)
{
    struct version_listing *l = context;
    item_version            version;
    str                     kept;
    if (key.n < sizeof version.g.b) return FAIL_PLAIN(c, ERR_STORE_DAMAGED);
    memcpy(version.g.b, key.at + key.n - sizeof version.g.b, sizeof version.g.b);
    TRY(call_copy_str(c, bytes_str(body), &kept));
    TRY(read_version(c, l->name, version, str_bytes(kept), &l->items[l->n]));
    l->n++;
    return OK;
}

enum err item_version_list(struct call *c, const struct item_records *r, str name, const item_version *after, size_t limit, struct item_stored **out,
                           size_t *out_n)
{
    struct version_listing l = {.name = name};
    struct store_range     range = {.limit = limit};
    TRY(NEW(c, &l.items, limit));
    TRY(version_key(c, r, name, NULL, &range.prefix));
    if (after) TRY(version_key(c, r, name, after, &range.after));
    TRY(store_scan(c, r->session, r->kind->store, &range, gather_version, &l));
    *out = l.items;
    *out_n = l.n;
    return OK;
}

void item_add_binding(struct buf *b, const struct vault_item_kind *kind)
{
    if (str_empty(kind->sealed_as)) return;
    buf_add(b, kind->sealed_as);
    buf_add_char(b, '\n'); // no name holds one
}

// What a content is bound to: its kind, and its record's key.
static enum err content_binding(struct call *c, const struct item_records *r, str name, const item_version *version, str *out)
{
    struct buf b;
    str        key;
    TRY(version_key(c, r, name, version, &key));
    buf_init(&b, &c->arena);
    item_add_binding(&b, r->kind);
    buf_add(&b, key);
    return buf_finish(c, &b, out);
}

enum err item_content_seal(struct call *c, const struct item_records *r, str name, item_version version, const struct secret *content, bytes *out)
{
    str bound;
    TRY(content_binding(c, r, name, &version, &bound));
    return seal_close(c, r->seal_key, secret_reveal(content), bound, out);
}

enum err item_content_open(struct call *c, const struct item_records *r, const struct item_stored *stored, struct secret *out)
{
    str bound;
    TRY(content_binding(c, r, stored->item.name, &stored->item.version, &bound));
    return seal_open(c, r->seal_key, stored->sealed, bound, out);
}

struct dropping {
    str    keys[DROP_BATCH];
    size_t n;
};

static enum err gather_key(struct call *c, str key, bytes body, void *context)
{
    struct dropping *d = context;
    (void)body;
    TRY(call_copy_str(c, key, &d->keys[d->n]));
    d->n++;
    return OK;
}

static enum err drop_range(struct call *c, const struct item_records *r, str prefix)
{
    struct dropping *d;
    TRY(NEW(c, &d, 1));
    do {
        d->n = 0;
        TRY(store_scan(c, r->session, r->kind->store, &(struct store_range){.prefix = prefix, .limit = DROP_BATCH}, gather_key, d));
        for (size_t i = 0; i < d->n; i++) TRY(store_remove(c, r->session, r->kind->store, d->keys[i]));
    } while (d->n == DROP_BATCH);
    return OK;
}

enum err item_drop(struct call *c, const struct item_records *r, enum item_collection collection, str name)
{
    str versions;
    TRY(version_key(c, r, name, NULL, &versions));
    TRY(drop_range(c, r, versions));
    return item_head_remove(c, r, collection, name);
}

enum err item_drop_all(struct call *c, const struct item_records *r)
{
    static const enum item_collection COLLECTIONS[] = {ITEM_LIVE, ITEM_DELETED, ITEM_VERSION};
    for (size_t i = 0; i < COUNT(COLLECTIONS); i++) {
        str prefix;
        TRY(head_key(c, r, COLLECTIONS[i], STR_NONE, &prefix));
        TRY(drop_range(c, r, prefix));
    }
    return OK;
}
