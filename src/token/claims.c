#include "token/claims.h"

#include "core/b64.h"
#include "core/digest.h"
#include "core/random.h"

#define OPAQUE_BYTES 24

static const str VERSIONS[] = {[TOKEN_V1] = S_INIT("1.0"), [TOKEN_V2] = S_INIT("2.0")};
static const str APP[] = {[TOKEN_V1] = S_INIT("appid"), [TOKEN_V2] = S_INIT("azp")};

str claims_app(enum token_version version)
{
    return APP[version];
}

bool claims_version(str name, enum token_version *out)
{
    for (size_t i = 0; i < COUNT(VERSIONS); i++) {
        if (!str_eq(name, VERSIONS[i])) continue;
        *out = (enum token_version)i;
        return true;
    }
    return false;
}

// A token while it is written.
struct writing {
    struct call                *c;
    struct json_writer          w;
    const struct token_request *r;
    const struct token         *made;
};

struct claim;
typedef enum err claim_put(struct writing *writing, const struct claim *row, str name);

struct claim {
    str        names[2]; // as either version calls it; empty: that version does not have it
    unsigned   kinds;    // which kinds have it: bits by enum token_kind
    claim_put *put;      // writes nothing where there is nothing to say
    size_t     member;   // of struct token_request, for those that only copy
};

static enum err put_text(struct writing *writing, const struct claim *row, str name)
{
    str text = *(const str *)((const char *)writing->r + row->member);
    if (!str_empty(text)) json_put_string(&writing->w, name, text);
    return OK;
}

static enum err put_guid(struct writing *writing, const struct claim *row, str name)
{
    json_put_guid(&writing->w, name, *(const guid *)((const char *)writing->r + row->member));
    return OK;
}

static void put_list(struct writing *writing, str name, const str *at, size_t n)
{
    if (n == 0) return;
    json_write_key(&writing->w, name);
    json_write_array(&writing->w);
    for (size_t i = 0; i < n; i++) json_write_string(&writing->w, at[i]);
    json_write_end(&writing->w);
}

static enum err put_texts(struct writing *writing, const struct claim *row, str name)
{
    const struct token_texts *texts = (const struct token_texts *)((const char *)writing->r + row->member);
    put_list(writing, name, texts->at, texts->n);
    return OK;
}

// The service writes this one segment in lower case, whatever the resource's id says.
static enum err put_resource(struct writing *writing, const struct claim *row, str name)
{
    static const str SEGMENT = S_INIT("/resourceGroups/");
    str              id = *(const str *)((const char *)writing->r + row->member), text;
    if (str_empty(id)) return OK;
    TRY(call_copy_str(writing->c, id, &text));
    for (size_t i = 0; i + SEGMENT.n <= text.n; i++) {
        char *at = (char *)text.at + i;
        if (!str_starts_nocase(str_from(text, i), SEGMENT)) continue;
        for (size_t j = 0; j < SEGMENT.n; j++) at[j] = char_lower(at[j]);
        break; // only the first: a resource may have that name
    }
    json_put_string(&writing->w, name, text);
    return OK;
}

static enum err put_issued(struct writing *writing, const struct claim *row, str name)
{
    (void)row;
    json_put_int(&writing->w, name, writing->made->not_before_s);
    return OK;
}

static enum err put_expiry(struct writing *writing, const struct claim *row, str name)
{
    (void)row;
    json_put_int(&writing->w, name, writing->made->expires_s);
    return OK;
}

static enum err put_unique_id(struct writing *writing, const struct claim *row, str name)
{
    (void)row;
    json_put_string(&writing->w, name, writing->made->unique_id);
    return OK;
}

static enum err put_version(struct writing *writing, const struct claim *row, str name)
{
    (void)row;
    json_put_string(&writing->w, name, VERSIONS[writing->r->version]);
    return OK;
}

static enum err put_base64(struct writing *writing, str name, bytes raw)
{
    struct buf b;
    str        text;
    buf_init(&b, &writing->c->arena);
    b64url_add(&b, raw);
    TRY(buf_finish(writing->c, &b, &text));
    json_put_string(&writing->w, name, text);
    return OK;
}

// Random text; aio and rh are the service's own affair, but some readers insist that they are there.
static enum err put_opaque(struct writing *writing, const struct claim *row, str name)
{
    uint8_t raw[OPAQUE_BYTES];
    (void)row;
    random_fill(writing->c->random, raw, sizeof raw);
    return put_base64(writing, name, (bytes){raw, sizeof raw});
}

static enum err put_proof(struct writing *writing, const struct claim *row, str name)
{
    static const str TEXTS[] = {[TOKEN_PROOF_NONE] = S_INIT("0"), [TOKEN_PROOF_SECRET] = S_INIT("1"), [TOKEN_PROOF_CERTIFICATE] = S_INIT("2")};
    (void)row;
    json_put_string(&writing->w, name, TEXTS[writing->r->kind == TOKEN_OF_IDENTITY ? TOKEN_PROOF_CERTIFICATE : writing->r->proof]);
    return OK;
}

static enum err put_app_type(struct writing *writing, const struct claim *row, str name)
{
    (void)row;
    json_put_string(&writing->w, name, S("app"));
    return OK;
}

static enum err put_user_type(struct writing *writing, const struct claim *row, str name)
{
    (void)row;
    json_put_string(&writing->w, name, S("user"));
    return OK;
}

// Of the user's two classes of sign-in this is the one that is no guest's self-made one.
static enum err put_class(struct writing *writing, const struct claim *row, str name)
{
    (void)row;
    json_put_string(&writing->w, name, S("1"));
    return OK;
}

static enum err put_method(struct writing *writing, const struct claim *row, str name)
{
    (void)row;
    put_list(writing, name, &writing->r->method, str_empty(writing->r->method) ? 0 : 1);
    return OK;
}

// A user's subject is pairwise: the same at one application, another at each. That it is made by a digest is inferred.
static enum err put_pairwise(struct writing *writing, const struct claim *row, str name)
{
    struct buf b;
    str        pair;
    sha256     digest;
    (void)row;
    buf_init(&b, &writing->c->arena);
    buf_add(&b, S("sub\n"));
    buf_add(&b, guid_key(&writing->r->tenant.g));
    buf_add(&b, guid_key(&writing->r->subject.g));
    buf_add(&b, guid_key(&writing->r->app.g));
    TRY(buf_finish(writing->c, &b, &pair));
    TRY(digest_sha256(writing->c, str_bytes(pair), &digest));
    return put_base64(writing, name, (bytes){digest.b, sizeof digest.b});
}

static enum err put_groups(struct writing *writing, const struct claim *row, str name)
{
    (void)row;
    if (writing->r->groups.n <= TOKEN_MAX_GROUPS) put_list(writing, name, writing->r->groups.at, writing->r->groups.n);
    return OK;
}

// Where there are too many groups two members say together where they can be asked for.
static enum err put_groups_name(struct writing *writing, const struct claim *row, str name)
{
    (void)row;
    if (writing->r->groups.n <= TOKEN_MAX_GROUPS) return OK;
    json_write_key(&writing->w, name);
    json_write_object(&writing->w);
    json_put_string(&writing->w, S("groups"), S("src1"));
    json_write_end(&writing->w);
    return OK;
}

static enum err put_groups_source(struct writing *writing, const struct claim *row, str name)
{
    (void)row;
    if (writing->r->groups.n <= TOKEN_MAX_GROUPS) return OK;
    json_write_key(&writing->w, name);
    json_write_object(&writing->w);
    json_write_key(&writing->w, S("src1"));
    json_write_object(&writing->w);
    json_put_string(&writing->w, S("endpoint"), writing->r->groups_url);
    json_write_end(&writing->w);
    json_write_end(&writing->w);
    return OK;
}

#define BIT(kind) (1u << (kind))
#define IDENTITY  BIT(TOKEN_OF_IDENTITY)
#define SELF      (IDENTITY | BIT(TOKEN_OF_APP))              /* speaks for itself */
#define USER      (BIT(TOKEN_OF_USER) | BIT(TOKEN_DELEGATED)) /* speaks for a user */
#define CLIENT    (BIT(TOKEN_OF_APP) | USER)                  /* a client that asked the token service */
#define ALL       (SELF | USER)                               /* access tokens */
#define ID        BIT(TOKEN_ID)
#define ANY       (ALL | ID)
#define BOTH(name)                 \
    {                              \
        S_INIT(name), S_INIT(name) \
    }
#define FIRST(name)   \
    {                 \
        S_INIT(name), \
        {             \
            0         \
        }             \
    }
#define SECOND(name)      \
    {                     \
        {0}, S_INIT(name) \
    }
#define NAMED(first, second)          \
    {                                 \
        S_INIT(first), S_INIT(second) \
    }
#define OF(member) offsetof(struct token_request, member)

// In the order of the service's own tokens. Not written: xms_tcdt, xms_rd and such, which only the service itself reads.
static const struct claim CLAIMS[] = {
    {BOTH("aud"), ANY, put_text, OF(audience)},
    {BOTH("iss"), ANY, put_text, OF(issuer)},
    {BOTH("iat"), ANY, put_issued},
    {BOTH("nbf"), ANY, put_issued},
    {BOTH("exp"), ANY, put_expiry},
    {BOTH("_claim_names"), ALL, put_groups_name},
    {BOTH("_claim_sources"), ALL, put_groups_source},
    {FIRST("acr"), USER, put_class},
    {BOTH("aio"), ANY, put_opaque},
    {FIRST("amr"), USER, put_method},
    {NAMED("appid", "azp"), ALL, put_guid, OF(app.g)},
    {NAMED("appidacr", "azpacr"), ALL, put_proof},
    {FIRST("family_name"), USER, put_text, OF(family_name)},
    {FIRST("given_name"), USER, put_text, OF(given_name)},
    {BOTH("groups"), ALL, put_groups},
    {FIRST("idp"), SELF, put_text, OF(issuer)}, // a user has it only if another tenant's
    {BOTH("idtyp"), SELF, put_app_type},
    {BOTH("idtyp"), USER, put_user_type},
    {FIRST("ipaddr"), USER, put_text, OF(address)},
    {BOTH("name"), USER | ID, put_text, OF(name)},
    {BOTH("oid"), ANY, put_guid, OF(subject.g)},
    {SECOND("preferred_username"), USER | ID, put_text, OF(user_name)},
    {BOTH("rh"), ANY, put_opaque},
    {BOTH("roles"), ALL, put_texts, OF(roles)},
    {BOTH("scp"), USER, put_text, OF(scopes)},
    {BOTH("sub"), SELF, put_guid, OF(subject.g)},
    {BOTH("sub"), USER | ID, put_pairwise},
    {BOTH("tid"), ANY, put_guid, OF(tenant.g)},
    {FIRST("unique_name"), USER, put_text, OF(user_name)},
    {FIRST("upn"), USER, put_text, OF(user_name)},
    {BOTH("uti"), ANY, put_unique_id},
    {BOTH("ver"), ANY, put_version},
    {BOTH("xms_az_rid"), IDENTITY, put_resource, OF(host_resource)},
    {BOTH("xms_cc"), CLIENT, put_texts, OF(capabilities)},
    {BOTH("xms_mirid"), IDENTITY, put_resource, OF(identity_resource)},
};

enum err claims_write(struct call *c, const struct token_request *r, const struct token *made, str *out)
{
    struct buf     b;
    struct writing writing = {.c = c, .r = r, .made = made};
    buf_init(&b, &c->arena);
    json_begin(&writing.w, &b);
    json_write_object(&writing.w);
    for (size_t i = 0; i < COUNT(CLAIMS); i++) {
        str name = CLAIMS[i].names[r->version];
        if (!str_empty(name) && CLAIMS[i].kinds & BIT(r->kind)) TRY(CLAIMS[i].put(&writing, &CLAIMS[i], name));
    }
    json_write_end(&writing.w);
    return buf_finish(c, &b, out);
}

enum err claims_read_texts(struct call *c, const struct json *list, struct token_texts *out)
{
    str *texts;
    *out = (struct token_texts){0};
    if (!list) return OK;
    if (!json_is(list, JSON_IS_ARRAY)) return FAIL(c, ERR_TOKEN_MALFORMED, "The token's roles are no list.");
    TRY(NEW(c, &texts, json_n(list)));
    for (size_t i = 0; i < json_n(list); i++) {
        if (!json_is(json_at(list, i), JSON_IS_STRING)) return FAIL(c, ERR_TOKEN_MALFORMED, "One of the token's roles is no text.");
        texts[i] = json_str(json_at(list, i));
    }
    *out = (struct token_texts){texts, json_n(list)};
    return OK;
}
