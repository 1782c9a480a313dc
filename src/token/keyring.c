#include "token/ring.h"

#include <stdlib.h>

#define SAVED_FIRST_LINE "lanyard keyring 1"
#define LATEST_TIME_S    (INT64_C(1) << 40) // some 34,000 years; sums of such times cannot overflow

struct place {
    struct signing_key info;
    struct token_key  *key;
};

struct keyring {
    struct ref   ref;
    size_t       n;
    struct place places[KEYRING_MAX_KEYS]; // current, next, then the retired ones, latest first
};

static void ring_free(struct ref *r)
{
    struct keyring *ring = CONTAINER_OF(r, struct keyring, ref);
    for (size_t i = 0; i < ring->n; i++) token_key_drop(ring->places[i].key);
    free(ring);
}

void keyring_take(struct keyring *ring)
{
    ref_take(&ring->ref);
}

void keyring_drop(struct keyring *ring)
{
    if (ring) ref_drop(&ring->ref);
}

static struct keyring *empty_ring(void)
{
    struct keyring *ring = calloc(1, sizeof *ring);
    if (ring) ref_init(&ring->ref, ring_free);
    return ring;
}

// The key's reference goes to the ring.
static void add_taking(struct keyring *ring, struct token_key *key, enum key_state state, int64_t made_s, int64_t retired_s)
{
    ring->places[ring->n++] = (struct place){
        .info = {.kid = token_key_id(key), .state = state, .made_s = made_s, .retired_s = retired_s},
        .key = key,
    };
}

static enum err add_fresh(struct call *c, struct keyring *ring, enum key_state state)
{
    struct token_key *key;
    TRY(token_key_new(c, &key));
    add_taking(ring, TAKE(key), state, c->now_s, 0);
    return OK;
}

static void add_shared(struct keyring *ring, const struct place *from, enum key_state state, int64_t retired_s)
{
    token_key_take(from->key);
    add_taking(ring, from->key, state, from->info.made_s, retired_s);
}

// The first places of every ring.
static const enum key_state FIRST_STATES[] = {KEY_CURRENT, KEY_NEXT};

enum err keyring_new(struct call *c, size_t keys, struct keyring **out)
{
    CLEANUP(keyring_dropp) struct keyring *ring = empty_ring();
    if (!ring) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    while (ring->n < keys && keyring_lacks_keys(ring)) TRY(add_fresh(c, ring, FIRST_STATES[ring->n]));
    *out = TAKE(ring);
    return OK;
}

bool keyring_lacks_keys(const struct keyring *ring)
{
    return ring->n < COUNT(FIRST_STATES);
}

static enum err add_lacking(struct call *c, const struct keyring *ring, struct keyring *fuller)
{
    for (size_t i = 0; i < ring->n; i++) add_shared(fuller, &ring->places[i], FIRST_STATES[i], 0);
    return add_fresh(c, fuller, FIRST_STATES[ring->n]);
}

static enum err add_turned(struct call *c, const struct keyring *ring, int64_t keep_s, struct keyring *turned)
{
    add_shared(turned, &ring->places[1], KEY_CURRENT, 0);
    TRY(add_fresh(c, turned, KEY_NEXT));
    add_shared(turned, &ring->places[0], KEY_RETIRED, c->now_s);
    for (size_t i = 2; i < ring->n; i++) {
        const struct place *old = &ring->places[i];
        if (c->now_s - old->info.retired_s > keep_s) continue;
        // Letting one go early would fail verifiers of tokens that still live.
        if (turned->n == KEYRING_MAX_KEYS)
            return FAIL(c, ERR_CONFLICT, "The ring already keeps %d keys whose tokens may still be in use; rotate later.", KEYRING_MAX_KEYS);
        add_shared(turned, old, KEY_RETIRED, old->info.retired_s);
    }
    return OK;
}

enum err keyring_rotate(struct call *c, const struct keyring *ring, int64_t keep_s, struct keyring **out)
{
    CLEANUP(keyring_dropp) struct keyring *made = empty_ring();
    if (!made) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (keyring_lacks_keys(ring)) TRY(add_lacking(c, ring, made));
    else TRY(add_turned(c, ring, keep_s, made));
    *out = TAKE(made);
    return OK;
}

size_t keyring_n(const struct keyring *ring)
{
    return ring->n;
}

const struct signing_key *keyring_at(const struct keyring *ring, size_t i)
{
    return i < ring->n ? &ring->places[i].info : NULL;
}

const struct token_key *keyring_current(const struct keyring *ring)
{
    return ring->n ? ring->places[0].key : NULL;
}

const struct token_key *keyring_find(const struct keyring *ring, str kid)
{
    for (size_t i = 0; i < ring->n; i++)
        if (str_eq(ring->places[i].info.kid, kid)) return ring->places[i].key;
    return NULL;
}

static const str STATES[] = {[KEY_NEXT] = S_INIT("next"), [KEY_CURRENT] = S_INIT("current"), [KEY_RETIRED] = S_INIT("retired")};

static void free_bio(BIO **b)
{
    BIO_free(*b);
}

enum err keyring_save(struct call *c, const struct keyring *ring, struct secret *out)
{
    CLEANUP(free_bio) BIO *to = BIO_new(BIO_s_secmem()); // wiped when freed
    char                  *text;
    if (!to || BIO_printf(to, SAVED_FIRST_LINE "\n") <= 0) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    for (size_t i = 0; i < ring->n; i++) {
        const struct signing_key *k = &ring->places[i].info;
        if (BIO_printf(to, "key %s %lld %lld\n", STATES[k->state].at, (long long)k->made_s, (long long)k->retired_s) <= 0)
            return FAIL_PLAIN(c, ERR_NO_MEMORY);
        TRY(token_key_write_pem(c, ring->places[i].key, to));
    }
    long n = BIO_get_mem_data(to, &text);
    return secret_init(c, out, (bytes){(const uint8_t *)text, n > 0 ? (size_t)n : 0});
}

static enum err damaged(struct call *c, const char *what)
{
    return FAIL(c, ERR_CRYPTO, "The saved key ring cannot be read: %s.", what);
}

static bool read_time(str text, int64_t *out)
{
    return str_to_i64(text, out) && *out >= 0 && *out <= LATEST_TIME_S;
}

// "key STATE MADE RETIRED", the line in front of each key.
static bool read_key_line(str line, struct signing_key *out)
{
    str    words[4];
    size_t n = 0, state;
    for (str rest = line, word; str_cut(&rest, ' ', &word); n++) {
        if (n == COUNT(words)) return false;
        words[n] = word;
    }
    if (n != COUNT(words) || !str_eq(words[0], S("key"))) return false;
    state = str_index_nocase(STATES, COUNT(STATES), words[1]);
    if (state == STR_NOWHERE || !read_time(words[2], &out->made_s) || !read_time(words[3], &out->retired_s)) return false;
    out->state = (enum key_state)state;
    return true;
}

// Cuts the next "key" line and the PEM behind it off *rest.
static enum err read_next(struct call *c, str *rest, struct keyring *ring)
{
    str                line;
    struct signing_key info = {0};
    struct token_key  *key;
    if (ring->n == KEYRING_MAX_KEYS) return damaged(c, "too many keys");
    (void)str_cut(rest, '\n', &line);
    if (!read_key_line(line, &info)) return damaged(c, "a line that should describe a key does not");
    size_t end = str_find_str(*rest, S("\nkey "));
    str    pem = end == STR_NOWHERE ? *rest : str_upto(*rest, end + 1);
    TRY(token_key_read_pem(c, pem, &key));
    *rest = str_from(*rest, pem.n);
    bool is_known = keyring_find(ring, token_key_id(key)) != NULL;
    add_taking(ring, TAKE(key), info.state, info.made_s, info.retired_s);
    return is_known ? damaged(c, "a key stands in it twice") : OK;
}

static bool in_order(const struct keyring *ring)
{
    for (size_t i = 0; i < ring->n; i++) {
        enum key_state want = i < COUNT(FIRST_STATES) ? FIRST_STATES[i] : KEY_RETIRED;
        if (ring->places[i].info.state != want) return false;
    }
    return true;
}

enum err keyring_load(struct call *c, const struct secret *saved, struct keyring **out)
{
    CLEANUP(keyring_dropp) struct keyring *ring = empty_ring();
    str                                    rest = bytes_str(secret_reveal(saved)), line;
    if (!ring) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (!str_cut(&rest, '\n', &line) || !str_eq(line, S(SAVED_FIRST_LINE))) return damaged(c, "it does not begin as one");
    while (!str_empty(rest)) TRY(read_next(c, &rest, ring));
    if (!in_order(ring)) return damaged(c, "its keys are not one current, one next, and then retired ones");
    *out = TAKE(ring);
    return OK;
}

enum err keyring_jwks(struct call *c, const struct keyring *ring, str issuer, str *out)
{
    struct buf         b;
    struct json_writer w;
    buf_init(&b, &c->arena);
    json_begin(&w, &b);
    json_write_object(&w);
    json_write_key(&w, S("keys"));
    json_write_array(&w);
    for (size_t i = 0; i < ring->n; i++) TRY(token_key_write_jwk(c, ring->places[i].key, issuer, &w));
    json_write_end(&w);
    json_write_end(&w);
    return buf_finish(c, &b, out);
}
