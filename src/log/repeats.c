#include "log/repeats.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/hash.h"

// One kind of failure at one source, and the texts of its record.
struct kind {
    struct signin signin;
    char          host[LOG_MAX_TEXT_BYTES], address[LOG_MAX_TEXT_BYTES], reason[LOG_MAX_TEXT_BYTES], name[LOG_MAX_TEXT_BYTES];
};

struct repeats {
    pthread_mutex_t lock;
    uint64_t        seed;
    unsigned        refused[REPEATS_SOURCES], granted[REPEATS_SOURCES]; // one by one so far
    struct kinds {
        struct kind at[REPEATS_KINDS];
        size_t      n;
    } kinds[2]; // of refusals, and of grants: what strangers cause takes no place of what was granted
};

struct repeats *repeats_new(void)
{
    struct repeats *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    pthread_mutex_init(&r->lock, NULL);
    r->seed = hash_seed_new();
    return r;
}

void repeats_free(struct repeats *r)
{
    if (!r) return;
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static bool is_granted(const struct signin *s)
{
    return s->error_code == 0;
}

// Of a refusal the identity does not count: whoever asks can name any.
static bool is_single(struct repeats *r, const struct signin *s)
{
    uint64_t hash = hash_str(hash_str_nocase(r->seed, s->host), s->address);
    if (is_granted(s)) return r->granted[hash_guid(hash, s->principal.g) & (REPEATS_SOURCES - 1)]++ < REPEATS_GRANTS_EACH;
    return r->refused[hash & (REPEATS_SOURCES - 1)]++ < REPEATS_EACH;
}

static str cut(str text)
{
    return str_upto(text, LOG_MAX_TEXT_BYTES);
}

static str keep(char *room, str text)
{
    text = cut(text);
    if (text.n) memcpy(room, text.at, text.n);
    return (str){room, text.n};
}

// What is told apart: all else differs at a stranger's will.
static bool is_same(const struct signin *kept, const struct signin *s)
{
    return kept->error_code == s->error_code && kept->known_by == s->known_by && kept->type == s->type && str_eq(kept->error, s->error) &&
           str_eq(kept->endpoint, s->endpoint) && str_eq_nocase(kept->host, cut(s->host)) && str_eq(kept->address, cut(s->address)) &&
           (!is_granted(s) || object_id_eq(kept->principal, s->principal));
}

static void begin(struct kind *kind, const struct signin *s)
{
    kind->signin = (struct signin){.time_ns = s->time_ns, .type = s->type, .known_by = s->known_by, .error_code = s->error_code};
    kind->signin.host = keep(kind->host, s->host);
    kind->signin.address = keep(kind->address, s->address);
    kind->signin.reason = keep(kind->reason, s->reason);
    kind->signin.endpoint = s->endpoint; // these two are of tables
    kind->signin.error = s->error;
    if (!is_granted(s)) return;
    kind->signin.principal = s->principal;
    kind->signin.app = s->app;
    kind->signin.is_system_assigned = s->is_system_assigned;
    kind->signin.name = keep(kind->name, s->name);
}

static void begin_rest(struct kind *kind, const struct signin *s)
{
    kind->signin = (struct signin){.time_ns = s->time_ns, .error_code = s->error_code, .error = S("MANY_KINDS")};
}

static struct kind *kind_of(struct repeats *r, const struct signin *s)
{
    struct kinds *of = &r->kinds[is_granted(s)];
    for (size_t i = 0; i < of->n; i++)
        if (is_same(&of->at[i].signin, s)) return &of->at[i];
    if (of->n == REPEATS_KINDS) return &of->at[REPEATS_KINDS - 1];
    struct kind *kind = &of->at[of->n++];
    if (of->n < REPEATS_KINDS) begin(kind, s);
    else begin_rest(kind, s);
    return kind;
}

bool repeats_count(struct repeats *r, const struct signin *s)
{
    pthread_mutex_lock(&r->lock);
    bool counts = !is_single(r, s);
    if (counts) {
        struct kind *kind = kind_of(r, s);
        kind->signin.times += s->times ? s->times : 1;
        kind->signin.last_ns = s->last_ns ? s->last_ns : s->time_ns;
    }
    pthread_mutex_unlock(&r->lock);
    return counts;
}

void repeats_collect(struct repeats *r, void (*put)(const struct signin *s, void *context), void *context)
{
    pthread_mutex_lock(&r->lock);
    for (struct kinds *of = r->kinds; of < r->kinds + COUNT(r->kinds); of++) {
        for (size_t i = 0; i < of->n; i++) put(&of->at[i].signin, context);
        of->n = 0;
    }
    memset(r->refused, 0, sizeof r->refused);
    memset(r->granted, 0, sizeof r->granted);
    pthread_mutex_unlock(&r->lock);
}
