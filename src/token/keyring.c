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
    int64_t      planned_s; // 0: no time for the next rotation was named
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
static void add_taking(struct keyring *ring, struct token_key *key, enum key_state state, int64_t made_s, int64_t since_s)
{
    ring->places[ring->n++] = (struct place){
        .info = {.kid = token_key_id(key), .state = state, .made_s = made_s, .since_s = since_s},
        .key = key,
    };
}

static void add_shared(struct keyring *ring, const struct place *from, enum key_state state, int64_t since_s)
{
    token_key_take(from->key);
    add_taking(ring, from->key, state, from->info.made_s, since_s);
}

// The first places of every ring; of one that lacks its next key, the first alone.
static const enum key_state FIRST_STATES[] = {KEY_CURRENT, KEY_NEXT};

static bool has_next(const struct keyring *ring)
{
    return ring->n > 1 && ring->places[1].info.state == KEY_NEXT;
}

bool keyring_lacks_keys(const struct keyring *ring)
{
    return !has_next(ring);
}

enum err keyring_new(struct call *c, size_t keys, struct keyring **out)
{
    CLEANUP(keyring_dropp) struct keyring *ring = empty_ring();
    if (!ring) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    while (ring->n < keys && ring->n < COUNT(FIRST_STATES)) {
        struct token_key *key;
        TRY(token_key_new(c, &key));
        add_taking(ring, TAKE(key), FIRST_STATES[ring->n], c->now_s, c->now_s);
    }
    *out = TAKE(ring);
    return OK;
}

static bool counts_still(const struct signing_key *k, int64_t ended_s)
{
    return k->state != KEY_RETIRED || k->since_s >= ended_s;
}

// Those from `first` on that had not retired by then.
static void add_since(struct keyring *to, const struct keyring *from, size_t first, int64_t ended_s)
{
    for (size_t i = first; i < from->n; i++)
        if (counts_still(&from->places[i].info, ended_s)) add_shared(to, &from->places[i], from->places[i].info.state, from->places[i].info.since_s);
}

bool keyring_may_rotate(const struct keyring *ring, int64_t ended_s)
{
    size_t n = 1; // the key that will be the next one
    for (size_t i = 0; i < ring->n; i++) n += counts_still(&ring->places[i].info, ended_s);
    return has_next(ring) && n <= KEYRING_MAX_KEYS;
}

enum err keyring_rotate(struct call *c, const struct keyring *ring, int64_t keep_s, struct keyring **out)
{
    if (!has_next(ring)) return FAIL(c, ERR_CONFLICT, "The next signing key is being made; try again shortly.");
    // Letting a retired one go early would fail verifiers of tokens that still live.
    if (!keyring_may_rotate(ring, c->now_s - keep_s))
        return FAIL(c, ERR_CONFLICT, "The ring already keeps %d keys whose tokens may still be in use; rotate later.", KEYRING_MAX_KEYS);
    struct keyring *made = empty_ring();
    if (!made) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    add_shared(made, &ring->places[1], KEY_CURRENT, c->now_s);
    add_shared(made, &ring->places[0], KEY_RETIRED, c->now_s);
    add_since(made, ring, 2, c->now_s - keep_s);
    *out = made;
    return OK;
}

enum err keyring_fill_take(struct call *c, const struct keyring *ring, struct token_key *key, struct keyring **out)
{
    struct keyring *made = has_next(ring) ? NULL : empty_ring();
    if (!made) {
        token_key_drop(key);
        return has_next(ring) ? FAIL(c, ERR_CONFLICT, "The key ring lacks no key.") : FAIL_PLAIN(c, ERR_NO_MEMORY);
    }
    made->planned_s = ring->planned_s;
    if (ring->n) add_shared(made, &ring->places[0], KEY_CURRENT, ring->places[0].info.since_s);
    add_taking(made, key, FIRST_STATES[made->n], c->now_s, c->now_s);
    add_since(made, ring, 1, 0);
    *out = made;
    return OK;
}

enum err keyring_trim(struct call *c, const struct keyring *ring, int64_t ended_s, struct keyring **out)
{
    struct keyring *made = empty_ring();
    if (!made) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    made->planned_s = ring->planned_s;
    add_since(made, ring, 0, ended_s);
    *out = made;
    return OK;
}

enum err keyring_plan(struct call *c, const struct keyring *ring, int64_t at_s, struct keyring **out)
{
    TRY(keyring_trim(c, ring, 0, out));
    (*out)->planned_s = at_s;
    return OK;
}

int64_t keyring_planned_s(const struct keyring *ring)
{
    return ring->planned_s;
}

size_t keyring_n(const struct keyring *ring)
{
    return ring->n;
}

const struct signing_key *keyring_at(const struct keyring *ring, size_t i)
{
    return i < ring->n ? &ring->places[i].info : NULL;
}

const struct signing_key *keyring_only(const struct keyring *ring, enum key_state state)
{
    for (size_t i = 0; i < ring->n && i < COUNT(FIRST_STATES); i++)
        if (ring->places[i].info.state == state) return &ring->places[i].info;
    return NULL;
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
    if (ring->planned_s && BIO_printf(to, "rotate %lld\n", (long long)ring->planned_s) <= 0) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    for (size_t i = 0; i < ring->n; i++) {
        const struct signing_key *k = &ring->places[i].info;
        if (BIO_printf(to, "key %s %lld %lld\n", STATES[k->state].at, (long long)k->made_s, (long long)k->since_s) <= 0)
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

// "key STATE MADE SINCE", the line in front of each key.
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
    if (state == STR_NOWHERE || !read_time(words[2], &out->made_s) || !read_time(words[3], &out->since_s)) return false;
    out->state = (enum key_state)state;
    if (out->since_s == 0) out->since_s = out->made_s; // rings used to keep no such time for keys that had not retired
    return true;
}

// "rotate TIME", the line in front of all keys. Most rings have none.
static bool read_plan(str *rest, int64_t *out)
{
    static const str WORD = S_INIT("rotate ");
    str              line;
    if (!str_starts(*rest, WORD)) return true;
    return str_cut(rest, '\n', &line) && read_time(str_from(line, WORD.n), out);
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
    add_taking(ring, TAKE(key), info.state, info.made_s, info.since_s);
    return is_known ? damaged(c, "a key stands in it twice") : OK;
}

static bool in_order(const struct keyring *ring)
{
    for (size_t i = 0; i < ring->n; i++) {
        enum key_state is = ring->places[i].info.state;
        bool           fits = i == 0 ? is == KEY_CURRENT : is == KEY_RETIRED || (i == 1 && is == KEY_NEXT);
        if (!fits) return false;
    }
    return true;
}

enum err keyring_load(struct call *c, const struct secret *saved, struct keyring **out)
{
    CLEANUP(keyring_dropp) struct keyring *ring = empty_ring();
    str                                    rest = bytes_str(secret_reveal(saved)), line;
    if (!ring) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    if (!str_cut(&rest, '\n', &line) || !str_eq(line, S(SAVED_FIRST_LINE))) return damaged(c, "it does not begin as one");
    if (!read_plan(&rest, &ring->planned_s)) return damaged(c, "the time of its rotation is none");
    while (!str_empty(rest)) TRY(read_next(c, &rest, ring));
    if (!in_order(ring)) return damaged(c, "its keys are not one current, at most one next, and then retired ones");
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
