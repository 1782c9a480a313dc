#include "ops/device_codes.h"

#include "core/b64.h"
#include "core/random.h"
#include "ops/sign_in_guard.h"

#define LONG_BYTES 32

// The published alphabet of RFC 8628: no vowels, so that no code is a word.
static void make_user_code(struct call *c, char *out)
{
    static const char LETTERS[] = "BCDFGHJKLMNPQRSTVWXZ";
    uint8_t           raw[DEVICE_USER_CODE_CHARS];
    random_fill(c->random, raw, sizeof raw);
    for (size_t i = 0; i < sizeof raw; i++) out[i] = LETTERS[raw[i] % (sizeof LETTERS - 1)];
    out[sizeof raw] = 0;
}

static enum err make_code(struct call *c, char *out)
{
    uint8_t    raw[LONG_BYTES];
    struct buf b;
    str        text;
    random_fill(c->random, raw, sizeof raw);
    buf_init(&b, &c->arena);
    b64url_add(&b, (bytes){raw, sizeof raw});
    TRY(buf_finish(c, &b, &text));
    if (text.n != DEVICE_CODE_CHARS) return FAIL_PLAIN(c, ERR_INTERNAL);
    memcpy(out, text.at, text.n);
    out[text.n] = 0;
    return OK;
}

static bool is_free(const struct device_code *code, int64_t now_s)
{
    return code->state == DEVICE_UNKNOWN || now_s >= code->expires_s + DEVICE_CODE_LIFETIME_S; // for a while it is told that it has expired
}

static bool is_of(const struct device_code *code, const sha256 *source)
{
    return memcmp(code->source.b, source->b, sizeof source->b) == 0;
}

static bool is_under_way(const struct device_code *code, int64_t now_s)
{
    return code->state != DEVICE_UNKNOWN && now_s < code->expires_s;
}

// How many are under way from there.
static size_t count_of(const struct device_codes *d, const sha256 *source, int64_t now_s)
{
    size_t n = 0;
    for (const struct device_code *code = d->items; code < d->items + DEVICE_CODES_MAX; code++) n += is_under_way(code, now_s) && is_of(code, source);
    return n;
}

// The lock is held. A free place, or else the one that expired first; NULL: all are under way.
static struct device_code *find_place(struct device_codes *d, int64_t now_s)
{
    struct device_code *expired = NULL;
    for (struct device_code *code = d->items; code < d->items + DEVICE_CODES_MAX; code++) {
        if (is_free(code, now_s)) return code;
        if (now_s >= code->expires_s && (!expired || code->expires_s < expired->expires_s)) expired = code;
    }
    return expired;
}

// What one source has under way.
struct tally {
    struct device_code *oldest; // the one that ends first
    size_t              n;      // 0: the place is free
};
#define TALLIES ((size_t)2 * DEVICE_CODES_MAX)

static struct tally *tally_of(struct tally tallies[TALLIES], const sha256 *source)
{
    size_t at = (size_t)source->b[0] << 8 | source->b[1];
    while (tallies[at % TALLIES].n && !is_of(tallies[at % TALLIES].oldest, source)) at++;
    return &tallies[at % TALLIES];
}

// The lock is held. The place that whoever has most gives up for one who has `own`; NULL: nobody has more.
static struct device_code *take_from_most(struct device_codes *d, size_t own, int64_t now_s)
{
    struct tally        tallies[TALLIES] = {0};
    struct device_code *place = NULL;
    for (struct device_code *code = d->items; code < d->items + DEVICE_CODES_MAX; code++) {
        if (!is_under_way(code, now_s)) continue;
        struct tally *tally = tally_of(tallies, &code->source);
        if (!tally->n++ || code->expires_s < tally->oldest->expires_s) tally->oldest = code;
    }
    for (size_t i = 0; i < TALLIES; i++) {
        if (tallies[i].n <= own + 1) continue; // else they would only take it from each other
        own = tallies[i].n - 1;
        place = tallies[i].oldest;
    }
    return place;
}

static bool keep(struct device_codes *d, const struct device_code *made, int64_t now_s)
{
    struct device_code *place;
    size_t              own = count_of(d, &made->source, now_s);
    if (own >= DEVICE_CODES_EACH) return false;
    place = find_place(d, now_s);
    if (!place) place = take_from_most(d, own, now_s);
    if (place) *place = *made;
    return place != NULL;
}

enum err device_code_begin(struct call *c, struct device_codes *d, client_id client, str scopes, str source, struct device_code *out)
{
    struct device_code made = {.state = DEVICE_PENDING, .client = client, .expires_s = c->now_s + DEVICE_CODE_LIFETIME_S};
    if (scopes.n > DEVICE_MAX_SCOPES_BYTES) return FAIL(c, ERR_TOO_LARGE, "The scopes are longer than %d bytes.", DEVICE_MAX_SCOPES_BYTES);
    if (scopes.n) memcpy(made.scopes, scopes.at, scopes.n);
    TRY(digest_sha256(c, str_bytes(sign_in_source(source)), &made.source));
    make_user_code(c, made.user_code);
    TRY(make_code(c, made.code));
    pthread_mutex_lock(&d->lock);
    bool is_kept = keep(d, &made, c->now_s);
    pthread_mutex_unlock(&d->lock);
    if (!is_kept) return FAIL(c, ERR_BUSY, "Too many sign-ins by device code are under way.");
    *out = made;
    return OK;
}

static enum device_state state_of(const struct device_code *code, int64_t now_s)
{
    return code->state != DEVICE_UNKNOWN && now_s >= code->expires_s ? DEVICE_EXPIRED : code->state;
}

enum device_state device_code_take(struct call *c, struct device_codes *d, client_id client, str code, struct device_code *out)
{
    enum device_state state = DEVICE_UNKNOWN;
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < DEVICE_CODES_MAX; i++) {
        struct device_code *one = &d->items[i];
        if (one->state == DEVICE_UNKNOWN || !client_id_eq(one->client, client) || !str_eq(str_of(one->code), code)) continue;
        state = state_of(one, c->now_s);
        *out = *one;
        if (state == DEVICE_APPROVED || state == DEVICE_DECLINED) *one = (struct device_code){0};
        break;
    }
    pthread_mutex_unlock(&d->lock);
    return state;
}

// The lock is held. NULL: there is none.
static struct device_code *find_user_code(struct device_codes *d, str user_code)
{
    for (struct device_code *code = d->items; code < d->items + DEVICE_CODES_MAX; code++)
        if (code->state != DEVICE_UNKNOWN && str_eq_nocase(str_of(code->user_code), user_code)) return code;
    return NULL;
}

enum device_state device_code_look(struct call *c, struct device_codes *d, str user_code, struct device_wish *out)
{
    pthread_mutex_lock(&d->lock);
    const struct device_code *code = find_user_code(d, user_code);
    enum device_state         state = code ? state_of(code, c->now_s) : DEVICE_UNKNOWN;
    if (code) *out = (struct device_wish){code->client, call_printable(c, str_of(code->scopes), DEVICE_MAX_SCOPES_BYTES)};
    pthread_mutex_unlock(&d->lock);
    return state;
}

enum device_state device_code_end(struct call *c, struct device_codes *d, str user_code, const struct device_ending *ending)
{
    pthread_mutex_lock(&d->lock);
    struct device_code *code = find_user_code(d, user_code);
    enum device_state   state = code ? state_of(code, c->now_s) : DEVICE_UNKNOWN;
    if (state == DEVICE_PENDING) {
        code->state = ending->approved ? DEVICE_APPROVED : DEVICE_DECLINED;
        code->user = ending->user;
        code->epoch = ending->epoch;
        code->by_operator = ending->by_operator;
    }
    pthread_mutex_unlock(&d->lock);
    return state;
}
