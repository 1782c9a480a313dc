#include "directory/application.h"

#include "core/lists.h"
#include "core/random.h"
#include "core/record.h"

// Version 1 had no federated credentials.
enum { APPLICATION_WITHOUT_FEDERATED = 1, APPLICATION_WITHOUT_OWNERS = 2, APPLICATION_VERSION = 3 };

static const struct app_role *place_roles(struct lists *l, const struct app_role *from, size_t n)
{
    struct app_role *to = lists_slots(l, from, n, sizeof *from);
    for (size_t i = 0; i < n; i++) {
        struct app_role r = from[i];
        r.value = lists_text(l, r.value);
        r.name = lists_text(l, r.name);
        r.description = lists_text(l, r.description);
        if (to) to[i] = r;
    }
    return to;
}

static const struct app_scope *place_scopes(struct lists *l, const struct app_scope *from, size_t n)
{
    struct app_scope *to = lists_slots(l, from, n, sizeof *from);
    for (size_t i = 0; i < n; i++) {
        struct app_scope s = from[i];
        s.value = lists_text(l, s.value);
        s.admin_name = lists_text(l, s.admin_name);
        s.admin_description = lists_text(l, s.admin_description);
        s.user_name = lists_text(l, s.user_name);
        s.user_description = lists_text(l, s.user_description);
        if (to) to[i] = s;
    }
    return to;
}

static const struct app_secret *place_secrets(struct lists *l, const struct app_secret *from, size_t n)
{
    struct app_secret *to = lists_slots(l, from, n, sizeof *from);
    for (size_t i = 0; i < n; i++) {
        str name = lists_text(l, from[i].name);
        if (to) to[i].name = name;
    }
    return to;
}

static const struct app_certificate *place_certificates(struct lists *l, const struct app_certificate *from, size_t n)
{
    struct app_certificate *to = lists_slots(l, from, n, sizeof *from);
    for (size_t i = 0; i < n; i++) {
        str name = lists_text(l, from[i].name), der = lists_text(l, from[i].der);
        if (!to) continue;
        to[i].name = name;
        to[i].der = der;
    }
    return to;
}

static const struct app_federated *place_federated(struct lists *l, const struct app_federated *from, size_t n)
{
    struct app_federated *to = lists_slots(l, from, n, sizeof *from);
    for (size_t i = 0; i < n; i++) {
        struct app_federated f = from[i];
        f.name = lists_text(l, f.name);
        f.issuer = lists_text(l, f.issuer);
        f.audience = lists_text(l, f.audience);
        f.description = lists_text(l, f.description);
        f.subject = lists_text(l, f.subject);
        f.expression = lists_text(l, f.expression);
        if (to) to[i] = f;
    }
    return to;
}

_Static_assert(sizeof(struct app_role) % 8 == 0 && sizeof(struct app_scope) % 8 == 0 && sizeof(struct app_secret) % 8 == 0 &&
                   sizeof(struct app_certificate) % 8 == 0 && sizeof(struct app_federated) % 8 == 0,
               "lists of a record are of multiples of 8 bytes");

static void place_lists(struct lists *l, const struct application *plain, struct application *out)
{
    out->uris = lists_strs(l, plain->uris, plain->uri_n);
    out->roles = place_roles(l, plain->roles, plain->role_n);
    out->scopes = place_scopes(l, plain->scopes, plain->scope_n);
    out->secrets = place_secrets(l, plain->secrets, plain->secret_n);
    out->certificates = place_certificates(l, plain->certificates, plain->certificate_n);
    out->federated = place_federated(l, plain->federated, plain->federated_n);
}

static bool fits(str text, size_t most)
{
    return text.n <= most;
}

static bool texts_fit(const struct application *a)
{
    bool fit = fits(a->name, APPLICATION_MAX_NAME_BYTES);
    for (size_t i = 0; i < a->uri_n; i++) fit &= fits(a->uris[i], APPLICATION_MAX_URI_BYTES);
    for (size_t i = 0; i < a->role_n; i++)
        fit &= fits(a->roles[i].value, APPLICATION_MAX_VALUE_BYTES) && fits(a->roles[i].name, APPLICATION_MAX_TEXT_BYTES) &&
               fits(a->roles[i].description, APPLICATION_MAX_TEXT_BYTES);
    for (size_t i = 0; i < a->scope_n; i++)
        fit &= fits(a->scopes[i].value, APPLICATION_MAX_VALUE_BYTES) && fits(a->scopes[i].admin_name, APPLICATION_MAX_TEXT_BYTES) &&
               fits(a->scopes[i].admin_description, APPLICATION_MAX_TEXT_BYTES) && fits(a->scopes[i].user_name, APPLICATION_MAX_TEXT_BYTES) &&
               fits(a->scopes[i].user_description, APPLICATION_MAX_TEXT_BYTES);
    for (size_t i = 0; i < a->secret_n; i++) fit &= fits(a->secrets[i].name, APPLICATION_MAX_NAME_BYTES);
    for (size_t i = 0; i < a->certificate_n; i++)
        fit &= fits(a->certificates[i].name, APPLICATION_MAX_NAME_BYTES) && fits(a->certificates[i].der, APPLICATION_MAX_DER_BYTES);
    for (const struct app_federated *f = a->federated; f < a->federated + a->federated_n; f++)
        fit &= fits(f->name, APPLICATION_MAX_NAME_BYTES) && fits(f->issuer, APPLICATION_MAX_FEDERATED_TEXT) &&
               fits(f->audience, APPLICATION_MAX_FEDERATED_TEXT) && fits(f->description, APPLICATION_MAX_FEDERATED_TEXT) &&
               fits(f->subject, APPLICATION_MAX_FEDERATED_TEXT) && fits(f->expression, APPLICATION_MAX_FEDERATED_TEXT);
    return fit;
}

static enum err check_limits(struct call *c, const struct application *a)
{
    if (a->uri_n > APPLICATION_MAX_URIS || a->role_n > APPLICATION_MAX_ROLES || a->scope_n > APPLICATION_MAX_ROLES ||
        a->secret_n > APPLICATION_MAX_CREDENTIALS || a->certificate_n > APPLICATION_MAX_CREDENTIALS)
        return FAIL(c, ERR_TOO_LARGE, "The application has more than %d identifier URIs, %d roles, %d scopes or %d credentials of a kind.",
                    APPLICATION_MAX_URIS, APPLICATION_MAX_ROLES, APPLICATION_MAX_ROLES, APPLICATION_MAX_CREDENTIALS);
    if (a->federated_n > APPLICATION_MAX_FEDERATED)
        return FAIL(c, ERR_TOO_LARGE, "An application has at most %d federated identity credentials.", APPLICATION_MAX_FEDERATED);
    if (!texts_fit(a)) return FAIL(c, ERR_NAME_INVALID, "A name or a text of the application is longer than it may be.");
    if (a->document.n > APPLICATION_MAX_DOCUMENT_BYTES)
        return FAIL(c, ERR_TOO_LARGE, "The properties of an application have at most %u bytes.", APPLICATION_MAX_DOCUMENT_BYTES);
    return OK;
}

enum err application_new(struct call *c, const struct application *plain, struct application **out)
{
    static const size_t TEXTS[] = {offsetof(struct application, name), offsetof(struct application, document)};
    struct lists        measure = {0};
    struct application  ignored;
    void               *tail;
    TRY(check_limits(c, plain));
    place_lists(&measure, plain, &ignored);
    struct application *a = record_new(plain, sizeof *plain, TEXTS, COUNT(TEXTS), lists_bytes(&measure), &tail);
    if (!a) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    struct lists into = lists_into(&measure, tail);
    place_lists(&into, plain, a);
    *out = a;
    return OK;
}

static void pack_raw(struct buf *b, const void *at, size_t n)
{
    pack_str(b, (str){at, n});
}

void application_pack(struct buf *b, const struct application *a)
{
    pack_begin(b, APPLICATION_VERSION);
    pack_guid(b, a->id.g);
    pack_guid(b, a->app.g);
    pack_str(b, a->name);
    pack_strs(b, a->uris, a->uri_n);
    pack_u64(b, a->role_n);
    for (const struct app_role *r = a->roles; r < a->roles + a->role_n; r++) {
        pack_guid(b, r->id);
        pack_str(b, r->value);
        pack_str(b, r->name);
        pack_str(b, r->description);
        pack_bool(b, r->for_users);
        pack_bool(b, r->for_apps);
        pack_bool(b, r->is_enabled);
    }
    pack_u64(b, a->scope_n);
    for (const struct app_scope *s = a->scopes; s < a->scopes + a->scope_n; s++) {
        pack_guid(b, s->id);
        pack_str(b, s->value);
        pack_str(b, s->admin_name);
        pack_str(b, s->admin_description);
        pack_str(b, s->user_name);
        pack_str(b, s->user_description);
        pack_bool(b, s->for_admins);
        pack_bool(b, s->is_enabled);
    }
    pack_u64(b, a->secret_n);
    for (const struct app_secret *s = a->secrets; s < a->secrets + a->secret_n; s++) {
        pack_guid(b, s->id);
        pack_str(b, s->name);
        pack_str(b, str_of(s->hint));
        pack_raw(b, s->salt, sizeof s->salt);
        pack_raw(b, s->kept.b, sizeof s->kept.b);
        pack_i64(b, s->from_ns);
        pack_i64(b, s->until_ns);
    }
    pack_u64(b, a->certificate_n);
    for (const struct app_certificate *certificate = a->certificates; certificate < a->certificates + a->certificate_n; certificate++) {
        pack_guid(b, certificate->id);
        pack_str(b, certificate->name);
        pack_str(b, certificate->der);
        pack_i64(b, certificate->from_ns);
        pack_i64(b, certificate->until_ns);
    }
    pack_u64(b, a->federated_n);
    for (const struct app_federated *f = a->federated; f < a->federated + a->federated_n; f++) {
        pack_guid(b, f->id);
        pack_str(b, f->name);
        pack_str(b, f->issuer);
        pack_str(b, f->audience);
        pack_str(b, f->description);
        pack_str(b, f->subject);
        pack_str(b, f->expression);
    }
    pack_bool(b, a->is_public_client);
    pack_u64(b, a->token_version);
    pack_str(b, a->document);
    pack_i64(b, a->created_ns);
    pack_bool(b, a->for_owners_only);
}

static enum err unpack_roles(struct call *c, struct unpack *u, struct application *a)
{
    struct app_role *items;
    TRY(unpack_count(c, u, APPLICATION_MAX_ROLES, &a->role_n));
    TRY(NEW(c, &items, a->role_n));
    for (struct app_role *r = items; r < items + a->role_n; r++) {
        r->id = unpack_guid(u);
        r->value = unpack_str(u);
        r->name = unpack_str(u);
        r->description = unpack_str(u);
        r->for_users = unpack_bool(u);
        r->for_apps = unpack_bool(u);
        r->is_enabled = unpack_bool(u);
    }
    a->roles = items;
    return OK;
}

static enum err unpack_scopes(struct call *c, struct unpack *u, struct application *a)
{
    struct app_scope *items;
    TRY(unpack_count(c, u, APPLICATION_MAX_ROLES, &a->scope_n));
    TRY(NEW(c, &items, a->scope_n));
    for (struct app_scope *s = items; s < items + a->scope_n; s++) {
        s->id = unpack_guid(u);
        s->value = unpack_str(u);
        s->admin_name = unpack_str(u);
        s->admin_description = unpack_str(u);
        s->user_name = unpack_str(u);
        s->user_description = unpack_str(u);
        s->for_admins = unpack_bool(u);
        s->is_enabled = unpack_bool(u);
    }
    a->scopes = items;
    return OK;
}

// Bytes of a fixed length; `spare`: how many fewer there may be.
static void unpack_raw(struct unpack *u, void *into, size_t n, size_t spare)
{
    str text = unpack_str(u);
    if (text.n > n || text.n + spare < n) u->damaged = true;
    else if (text.n) memcpy(into, text.at, text.n);
}

static enum err unpack_secrets(struct call *c, struct unpack *u, struct application *a)
{
    struct app_secret *items;
    TRY(unpack_count(c, u, APPLICATION_MAX_CREDENTIALS, &a->secret_n));
    TRY(NEW(c, &items, a->secret_n));
    for (struct app_secret *s = items; s < items + a->secret_n; s++) {
        s->id = unpack_guid(u);
        s->name = unpack_str(u);
        unpack_raw(u, s->hint, APPLICATION_HINT_CHARS, APPLICATION_HINT_CHARS);
        unpack_raw(u, s->salt, sizeof s->salt, 0);
        unpack_raw(u, s->kept.b, sizeof s->kept.b, 0);
        s->from_ns = unpack_i64(u);
        s->until_ns = unpack_i64(u);
    }
    a->secrets = items;
    return OK;
}

static enum err unpack_certificates(struct call *c, struct unpack *u, struct application *a)
{
    struct app_certificate *items;
    TRY(unpack_count(c, u, APPLICATION_MAX_CREDENTIALS, &a->certificate_n));
    TRY(NEW(c, &items, a->certificate_n));
    for (struct app_certificate *certificate = items; certificate < items + a->certificate_n; certificate++) {
        certificate->id = unpack_guid(u);
        certificate->name = unpack_str(u);
        certificate->der = unpack_str(u);
        certificate->from_ns = unpack_i64(u);
        certificate->until_ns = unpack_i64(u);
    }
    a->certificates = items;
    return OK;
}

static enum err unpack_federated(struct call *c, struct unpack *u, struct application *a)
{
    struct app_federated *items;
    TRY(unpack_count(c, u, APPLICATION_MAX_FEDERATED, &a->federated_n));
    TRY(NEW(c, &items, a->federated_n));
    for (struct app_federated *f = items; f < items + a->federated_n; f++) {
        f->id = unpack_guid(u);
        f->name = unpack_str(u);
        f->issuer = unpack_str(u);
        f->audience = unpack_str(u);
        f->description = unpack_str(u);
        f->subject = unpack_str(u);
        f->expression = unpack_str(u);
    }
    a->federated = items;
    return OK;
}

enum err application_unpack(struct call *c, bytes record, struct application **out)
{
    struct unpack      u;
    struct application a = {0};
    unpack_begin(&u, record);
    if (u.version < APPLICATION_WITHOUT_FEDERATED || u.version > APPLICATION_VERSION)
        return FAIL(c, ERR_STORE_DAMAGED, "An application's record is of a form that this version does not know.");
    a.id.g = unpack_guid(&u);
    a.app.g = unpack_guid(&u);
    a.name = unpack_str(&u);
    TRY(unpack_strs(c, &u, APPLICATION_MAX_URIS, &a.uris, &a.uri_n));
    TRY(unpack_roles(c, &u, &a));
    TRY(unpack_scopes(c, &u, &a));
    TRY(unpack_secrets(c, &u, &a));
    TRY(unpack_certificates(c, &u, &a));
    if (u.version > APPLICATION_WITHOUT_FEDERATED) TRY(unpack_federated(c, &u, &a));
    a.is_public_client = unpack_bool(&u);
    uint64_t token_version = unpack_u64(&u);
    a.document = unpack_str(&u);
    a.created_ns = unpack_i64(&u);
    if (u.version > APPLICATION_WITHOUT_OWNERS) a.for_owners_only = unpack_bool(&u);
    TRY(unpack_end(c, &u));
    if (token_version != 1 && token_version != 2) return FAIL(c, ERR_STORE_DAMAGED, "An application asks for tokens of an unknown version.");
    a.token_version = (unsigned)token_version;
    return application_new(c, &a, out);
}

const struct app_role *application_role(const struct application *a, guid id)
{
    for (size_t i = 0; i < a->role_n; i++)
        if (guid_eq(a->roles[i].id, id)) return &a->roles[i];
    return NULL;
}

// The salt under the secret: whoever reads the record cannot tell the secret, nor whether two are the same.
static enum err keep(struct call *c, const struct secret *shown, const uint8_t salt[APPLICATION_SALT_BYTES], sha256 *out)
{
    return digest_hmac(c, shown, (bytes){salt, APPLICATION_SALT_BYTES}, out);
}

enum err app_secret_make(struct call *c, struct app_secret *out, struct secret *out_shown)
{
    // 64 characters that need no escape in a form, a URL, a shell or a YAML file.
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
    struct app_secret made = *out;
    uint8_t           raw[APPLICATION_SECRET_CHARS];
    random_fill(c->random, raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++) raw[i] = (uint8_t)ALPHABET[raw[i] % 64];
    if (raw[0] == '.') raw[0] = 'L';
    CLEANUP(secret_clear) struct secret shown = {0};
    enum err                            failed = secret_init(c, &shown, (bytes){raw, sizeof raw});
    memcpy(made.hint, raw, APPLICATION_HINT_CHARS);
    made.hint[APPLICATION_HINT_CHARS] = 0;
    secret_wipe(raw, sizeof raw);
    TRY(failed);
    random_fill(c->random, made.salt, sizeof made.salt);
    TRY(keep(c, &shown, made.salt, &made.kept));
    *out = made;
    *out_shown = shown;
    shown = (struct secret){0};
    return OK;
}

enum err application_match_secret(struct call *c, const struct application *a, const struct secret *shown, enum app_secret_match *out, guid *out_id)
{
    enum app_secret_match best = APP_SECRET_WRONG;
    guid                  id = GUID_NONE;
    for (size_t i = 0; i < a->secret_n; i++) {
        const struct app_secret *s = &a->secrets[i];
        sha256                   given;
        TRY(keep(c, shown, s->salt, &given));
        struct secret kept = {(uint8_t *)s->kept.b, sizeof s->kept.b}; // a view, for the comparison
        if (!secret_equal(&kept, (bytes){given.b, sizeof given.b})) continue;
        bool counts = s->from_ns <= c->now_ns && c->now_ns < s->until_ns;
        if (counts || best == APP_SECRET_WRONG) id = s->id;
        if (counts) best = APP_SECRET_RIGHT;
        else if (best == APP_SECRET_WRONG) best = APP_SECRET_EXPIRED;
    }
    *out = best;
    *out_id = id;
    return OK;
}
