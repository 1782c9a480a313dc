#include "ops/secret_backup.h"

#include "core/digest.h"

// In front of every backup, with its length: what it is can be told without opening it.
static const str MARK = S_INIT("\x15LanyardSecretBackupV1");
_Static_assert(sizeof "LanyardSecretBackupV1" - 1 == 0x15, "the mark begins with its length");

// What a backup, and each value in it, is bound to: `part` says which.
static enum err binding(struct call *c, const struct work *w, const struct vault *v, str part, str *out)
{
    struct scope at;
    struct buf   b;
    TRY(scope_parse(c, v->resource->id, &at));
    buf_init(&b, &c->arena);
    buf_addf(&b, "backup\n%s\n", guid_text(w->product->tenant.g).s);
    for (size_t i = 0; i < at.subscription.n; i++) buf_add_char(&b, char_lower(at.subscription.at[i]));
    buf_add_char(&b, '\n');
    buf_add(&b, part);
    return buf_finish(c, &b, out);
}

static enum err value_binding(struct call *c, const struct work *w, const struct vault *v, const struct vault_secret *s, str *out)
{
    str part = call_format(c, "%.*s/%s", PSTR(s->name), guid_digits(s->version.g).s);
    return binding(c, w, v, part, out);
}

// From the form in which the value lies in its record to the one in which it travels.
static enum err seal_for_travel(struct call *c, const struct work *w, const struct vault *v, const struct secret_records *r, struct secret_stored *s)
{
    CLEANUP(secret_clear) struct secret value = {0};
    str                                 bound;
    TRY(value_binding(c, w, v, &s->secret, &bound));
    TRY(secret_value_open(c, r, s, &value));
    return seal_close(c, r->seal_key, secret_reveal(&value), bound, &s->sealed);
}

static enum err seal_for_record(struct call *c, const struct work *w, const struct vault *v, const struct secret_records *r, struct secret_stored *s)
{
    CLEANUP(secret_clear) struct secret value = {0};
    str                                 bound;
    TRY(value_binding(c, w, v, &s->secret, &bound));
    TRY(seal_open(c, r->seal_key, s->sealed, bound, &value));
    return secret_value_seal(c, r, s->secret.name, s->secret.version, &value, &s->sealed);
}

static enum err too_large(struct call *c, const struct secret_head *head)
{
    return FAIL(c, ERR_TOO_LARGE, "The secret '%.*s' is too large for a backup: at most %d versions and %u bytes in all.", PSTR(head->name),
                SECRETS_MAX_BACKUP_VERSIONS, SECRETS_MAX_BACKUP_BYTES);
}

static enum err pack_versions(struct call *c, const struct work *w, const struct vault *v, const struct secret_records *r,
                              const struct secret_head *head, str *out)
{
    struct secret_stored *versions;
    size_t                n;
    struct buf            b;
    TRY(secret_version_list(c, r, head->name, NULL, SECRETS_MAX_BACKUP_VERSIONS + 1, &versions, &n));
    if (n > SECRETS_MAX_BACKUP_VERSIONS) return too_large(c, head);
    buf_init(&b, &c->arena);
    pack_begin(&b, 1);
    pack_str(&b, head->name);
    pack_u64(&b, n);
    for (size_t i = 0; i < n && b.n <= SECRETS_MAX_BACKUP_BYTES; i++) {
        TRY(seal_for_travel(c, w, v, r, &versions[i]));
        pack_guid(&b, versions[i].secret.version.g);
        secret_pack(&b, &versions[i].secret);
        pack_str(&b, bytes_str(versions[i].sealed));
    }
    TRY(buf_finish(c, &b, out));
    return out->n > SECRETS_MAX_BACKUP_BYTES ? too_large(c, head) : OK;
}

enum err secret_backup_make(struct call *c, const struct work *w, const struct vault *v, const struct secret_records *r,
                            const struct secret_head *head, bytes *out)
{
    struct buf b;
    str        content, bound, blob;
    bytes      box;
    TRY(pack_versions(c, w, v, r, head, &content));
    TRY(binding(c, w, v, S("all"), &bound));
    TRY(seal_close(c, r->seal_key, str_bytes(content), bound, &box));
    buf_init(&b, &c->arena);
    buf_add(&b, MARK);
    buf_add_bytes(&b, box);
    TRY(buf_finish(c, &b, &blob));
    *out = str_bytes(blob);
    return OK;
}

static enum err read_one(struct call *c, struct unpack *u, str name, struct secret_stored *out)
{
    *out = (struct secret_stored){.secret = {.name = name}};
    out->secret.version.g = unpack_guid(u);
    TRY(secret_unpack(c, u, &out->secret));
    out->sealed = str_bytes(unpack_str(u));
    return OK;
}

static enum err read_content(struct call *c, bytes content, struct secret_backup *out)
{
    struct unpack u;
    unpack_begin(&u, content);
    out->name = unpack_str(&u);
    uint64_t n = unpack_u64(&u);
    if (u.damaged || n == 0 || n > SECRETS_MAX_BACKUP_VERSIONS) return FAIL_PLAIN(c, ERR_BACKUP_MALFORMED);
    TRY(NEW(c, &out->versions, (size_t)n));
    for (; out->version_n < n; out->version_n++) TRY(read_one(c, &u, out->name, &out->versions[out->version_n]));
    out->newest = out->versions[n - 1].secret.version;
    return unpack_end(c, &u);
}

enum err secret_backup_read(struct call *c, const struct work *w, const struct vault *v, bytes blob, struct secret_backup *out)
{
    CLEANUP(secret_clear) struct secret content = {0};
    struct secret_backup                backup = {0};
    str                                 bound, kept;
    if (!str_starts(bytes_str(blob), MARK)) return FAIL(c, ERR_BACKUP_MALFORMED, "Backup blob contains invalid or corrupt version.");
    TRY(binding(c, w, v, S("all"), &bound));
    bytes box = {blob.at + MARK.n, blob.n - MARK.n};
    if (seal_open(c, &w->product->seal_key, box, bound, &content) != OK) {
        call_forgive(c);
        return FAIL(c, ERR_PARAMETER_INVALID, "Cannot decrypt backup blob");
    }
    TRY(call_copy_str(c, bytes_str(secret_reveal(&content)), &kept)); // no value lies open in it
    TRY(read_content(c, str_bytes(kept), &backup));
    *out = backup;
    return OK;
}

enum err secret_backup_put(struct call *c, const struct work *w, const struct vault *v, const struct secret_records *r,
                           const struct secret_backup *backup)
{
    for (size_t i = 0; i < backup->version_n; i++) {
        struct secret_stored stored = backup->versions[i];
        TRY(seal_for_record(c, w, v, r, &stored));
        TRY(secret_version_put(c, r, &stored));
    }
    return OK;
}
