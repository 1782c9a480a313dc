#include "ops/vault_item_backup.h"

#include "core/digest.h"

// What a backup, and each value in it, is bound to: `part` says which.
static enum err binding(struct call *c, const struct work *w, const struct vault *v, const struct vault_item_kind *kind, str part, str *out)
{
    struct scope at;
    struct buf   b;
    TRY(scope_parse(c, v->resource->id, &at));
    buf_init(&b, &c->arena);
    buf_addf(&b, "backup\n%s\n", guid_text(w->product->tenant.g).s);
    for (size_t i = 0; i < at.subscription.n; i++) buf_add_char(&b, char_lower(at.subscription.at[i]));
    buf_add_char(&b, '\n');
    item_add_binding(&b, kind);
    buf_add(&b, part);
    return buf_finish(c, &b, out);
}

static enum err content_binding(struct call *c, const struct work *w, const struct vault *v, const struct item_records *r, const struct vault_item *x,
                                str *out)
{
    str part = call_format(c, "%.*s/%s", PSTR(x->name), guid_digits(x->version.g).s);
    return binding(c, w, v, r->kind, part, out);
}

// From the form in which the content lies in its record to the one in which it travels.
static enum err seal_for_travel(struct call *c, const struct work *w, const struct vault *v, const struct item_records *r, struct item_stored *s)
{
    CLEANUP(secret_clear) struct secret content = {0};
    str                                 bound;
    TRY(content_binding(c, w, v, r, &s->item, &bound));
    TRY(item_content_open(c, r, s, &content));
    return seal_close(c, r->seal_key, secret_reveal(&content), bound, &s->sealed);
}

static enum err seal_for_record(struct call *c, const struct work *w, const struct vault *v, const struct item_records *r, struct item_stored *s)
{
    CLEANUP(secret_clear) struct secret content = {0};
    str                                 bound;
    TRY(content_binding(c, w, v, r, &s->item, &bound));
    TRY(seal_open(c, r->seal_key, s->sealed, bound, &content));
    return item_content_seal(c, r, s->item.name, s->item.version, &content, &s->sealed);
}

static enum err too_large(struct call *c, const struct item_records *r, const struct item_head *head)
{
    return FAIL(c, ERR_TOO_LARGE, "The %s '%.*s' is too large for a backup: at most %d versions and %u bytes in all.", r->kind->noun,
                PSTR(head->name), VAULT_ITEM_MAX_BACKUP_VERSIONS, VAULT_ITEM_MAX_BACKUP_BYTES);
}

static enum err pack_versions(struct call *c, const struct work *w, const struct vault *v, const struct item_records *r, const struct item_head *head,
                              str *out)
{
    struct item_stored *versions;
    size_t              n;
    struct buf          b;
    TRY(item_version_list(c, r, head->name, NULL, VAULT_ITEM_MAX_BACKUP_VERSIONS + 1, &versions, &n));
    if (n > VAULT_ITEM_MAX_BACKUP_VERSIONS) return too_large(c, r, head);
    buf_init(&b, &c->arena);
    pack_begin(&b, 1);
    pack_str(&b, head->name);
    pack_u64(&b, n);
    for (size_t i = 0; i < n && b.n <= VAULT_ITEM_MAX_BACKUP_BYTES; i++) {
        TRY(seal_for_travel(c, w, v, r, &versions[i]));
        pack_guid(&b, versions[i].item.version.g);
        item_pack(&b, &versions[i].item);
        pack_str(&b, bytes_str(versions[i].sealed));
    }
    TRY(buf_finish(c, &b, out));
    return out->n > VAULT_ITEM_MAX_BACKUP_BYTES ? too_large(c, r, head) : OK;
}

enum err item_backup_make(struct call *c, const struct work *w, const struct vault *v, const struct item_records *r, const struct item_head *head,
                          bytes *out)
{
    struct buf b;
    str        content, bound, blob;
    bytes      box;
    TRY(pack_versions(c, w, v, r, head, &content));
    TRY(binding(c, w, v, r->kind, S("all"), &bound));
    TRY(seal_close(c, r->seal_key, str_bytes(content), bound, &box));
    buf_init(&b, &c->arena);
    buf_add(&b, r->kind->backup_mark);
    buf_add_bytes(&b, box);
    TRY(buf_finish(c, &b, &blob));
    *out = str_bytes(blob);
    return OK;
}

static enum err read_one(struct call *c, struct unpack *u, str name, struct item_stored *out)
{
    *out = (struct item_stored){.item = {.name = name}};
    out->item.version.g = unpack_guid(u);
    TRY(item_unpack(c, u, &out->item));
    out->sealed = str_bytes(unpack_str(u));
    return OK;
}

static enum err read_content(struct call *c, bytes content, struct item_backup *out)
{
    struct unpack u;
    unpack_begin(&u, content);
    out->name = unpack_str(&u);
    uint64_t n = unpack_u64(&u);
    if (u.damaged || n == 0 || n > VAULT_ITEM_MAX_BACKUP_VERSIONS) return FAIL_PLAIN(c, ERR_BACKUP_MALFORMED);
    TRY(NEW(c, &out->versions, (size_t)n));
    for (; out->version_n < n; out->version_n++) TRY(read_one(c, &u, out->name, &out->versions[out->version_n]));
    out->newest = out->versions[n - 1].item.version;
    return unpack_end(c, &u);
}

enum err item_backup_read(struct call *c, const struct work *w, const struct vault *v, const struct vault_item_kind *kind, bytes blob,
                          struct item_backup *out)
{
    CLEANUP(secret_clear) struct secret content = {0};
    struct item_backup                  backup = {0};
    str                                 bound, kept;
    if (!str_starts(bytes_str(blob), kind->backup_mark)) return FAIL(c, ERR_BACKUP_MALFORMED, "Backup blob contains invalid or corrupt version.");
    TRY(binding(c, w, v, kind, S("all"), &bound));
    bytes box = {blob.at + kind->backup_mark.n, blob.n - kind->backup_mark.n};
    if (seal_open(c, &w->product->seal_key, box, bound, &content) != OK) {
        call_forgive(c);
        return FAIL(c, ERR_PARAMETER_INVALID, "Cannot decrypt backup blob");
    }
    TRY(call_copy_str(c, bytes_str(secret_reveal(&content)), &kept)); // no content lies open in it
    TRY(read_content(c, str_bytes(kept), &backup));
    *out = backup;
    return OK;
}

enum err item_backup_put(struct call *c, const struct work *w, const struct vault *v, const struct item_records *r, const struct item_backup *backup)
{
    for (size_t i = 0; i < backup->version_n; i++) {
        struct item_stored stored = backup->versions[i];
        TRY(seal_for_record(c, w, v, r, &stored));
        TRY(item_version_put(c, r, &stored));
    }
    return OK;
}
