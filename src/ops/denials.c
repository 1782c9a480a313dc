#include "ops/denials.h"

#include <stdlib.h>

#include "core/pack.h"
#include "core/report.h"
#include "log/key.h"
#include "ops/committer.h"

#define CLEARING_MASK 0x3f /* one in 64 clears what is too old */

enum { DENIAL_VERSION = 1 };

const struct log_kind LOG_DENIAL = {.store = STORE_DIAGNOSTIC, .prefix = S_INIT("denial/")};

// A refusal on its way to the store: outlives the request.
struct keeping {
    struct write_job        job;
    struct call             call;
    struct product         *product;
    struct denial           denial;
    struct explain_question question;
};

static enum err key_of(struct call *c, const struct denial *d, str *out)
{
    str tail;
    TRY(log_key(c, d->time_ns, d->id, &tail));
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, LOG_DENIAL.prefix);
    buf_add(&b, tail);
    return buf_finish(c, &b, out);
}

// --- keeping ---

static enum err explain_as_json(struct call *c, struct work *w, const struct explain_question *q, str *out)
{
    struct explanation e;
    struct buf         b;
    struct json_writer j;
    TRY(explain(c, w, q, &e));
    buf_init(&b, &c->arena);
    json_begin(&j, &b);
    explain_write(c, w, &j, &e);
    return buf_finish(c, &b, out);
}

static enum err put(struct call *c, struct store_session *session, const struct denial *d)
{
    struct buf b;
    str        key, body;
    buf_init(&b, &c->arena);
    pack_begin(&b, DENIAL_VERSION);
    pack_guid(&b, d->who.g);
    pack_str(&b, d->who_name);
    pack_str(&b, d->action);
    pack_bool(&b, d->is_data);
    pack_str(&b, d->scope);
    pack_str(&b, d->explained);
    TRY(buf_finish(c, &b, &body));
    TRY(key_of(c, d, &key));
    return store_put(c, session, STORE_DIAGNOSTIC, key, str_bytes(body));
}

struct old_keys {
    str   *keys;
    size_t n, room, seen;
};

static enum err note_old(struct call *c, str key, bytes body, void *context)
{
    struct old_keys *o = context;
    (void)body;
    if (++o->seen <= DENIALS_KEPT || o->n == o->room) return OK;
    return call_copy_str(c, key, &o->keys[o->n++]);
}

static enum err clear_old(struct call *c, struct store_session *session)
{
    struct old_keys old = {.room = DENIALS_KEPT};
    TRY(NEW(c, &old.keys, old.room));
    TRY(store_scan(c, session, STORE_DIAGNOSTIC, &(struct store_range){.prefix = LOG_DENIAL.prefix, .backwards = true}, note_old, &old));
    for (size_t i = 0; i < old.n; i++) TRY(store_remove(c, session, STORE_DIAGNOSTIC, old.keys[i]));
    return OK;
}

static enum err run_keeping(struct write_job *job, struct work *w)
{
    struct keeping *keeping = CONTAINER_OF(job, struct keeping, job);
    struct call    *c = &keeping->call;
    TRY(explain_as_json(c, w, &keeping->question, &keeping->denial.explained));
    TRY(put(c, w->store, &keeping->denial));
    return (keeping->denial.id.b[15] & CLEARING_MASK) == 0 ? clear_old(c, w->store) : OK;
}

static void free_keeping(struct keeping *keeping)
{
    atomic_fetch_sub(&keeping->product->denials_pending, 1);
    call_clear(&keeping->call);
    free(keeping);
}

static void keeping_done(struct write_job *job, enum err committed)
{
    struct keeping *keeping = CONTAINER_OF(job, struct keeping, job);
    if (committed == OK && keeping->call.failure.kind != OK) report_failure(REPORT_WARNING, "ops: a refusal could not be recorded", &keeping->call);
    free_keeping(keeping);
}

// The refused request's own strings live no longer than its answer.
static enum err fill(struct keeping *keeping, const struct call *from, const struct refusal *r)
{
    struct call             *c = &keeping->call;
    struct denial           *d = &keeping->denial;
    struct explain_question *q = &keeping->question;
    c->now_ns = from->now_ns;
    c->now_s = from->now_s;
    *d = (struct denial){.id = guid_new(c), .time_ns = from->now_ns, .who = from->caller->id, .is_data = r->plane == RBAC_DATA};
    TRY(call_copy_str(c, from->caller->name, &d->who_name));
    TRY(call_copy_str(c, r->action, &d->action));
    TRY(call_copy_str(c, r->scope, &d->scope));
    *q = (struct explain_question){
        .who = d->who, .action = d->action, .plane = r->plane, .scope = d->scope, .groups_at_ns = from->caller->groups_at_ns};
    TRY(rbac_attributes_copy(c, r->attributes, &q->attributes));
    if (str_empty(r->policy)) return OK;
    TRY(call_copy_str(c, r->policy, &q->policy));
    d->action = q->policy;
    return OK;
}

static bool is_refusal(enum err kind)
{
    return kind == ERR_NOT_AUTHORIZED || kind == ERR_DENIED || kind == ERR_LINKED_NOT_AUTHORIZED || kind == ERR_POLICY_NOT_AUTHORIZED ||
           kind == ERR_VAULT_REFERENCE_REFUSED;
}

guid denials_keep(struct call *c, const struct work *w)
{
    struct product *p = w->product;
    if (!is_refusal(c->failure.kind) || str_empty(w->refusal.scope) || !c->caller || !p->committer) return GUID_NONE;
    if (atomic_fetch_add(&p->denials_pending, 1) >= DENIALS_MAX_PENDING) {
        atomic_fetch_sub(&p->denials_pending, 1);
        return GUID_NONE;
    }
    struct keeping *keeping = calloc(1, sizeof *keeping);
    if (!keeping) {
        atomic_fetch_sub(&p->denials_pending, 1);
        return GUID_NONE;
    }
    keeping->product = p;
    keeping->job = (struct write_job){.run = run_keeping, .done = keeping_done};
    call_init(&keeping->call, &p->clock, p->random);
    guid id = GUID_NONE;
    if (fill(keeping, c, &w->refusal) == OK) {
        id = keeping->denial.id; // once submitted the job is the committer's
        if (committer_submit_later(&keeping->call, p->committer, &keeping->job) == OK) {
            if (atomic_load(&p->denials_pending) > DENIALS_MAX_PENDING / 2) committer_hurry(p->committer);
            return id;
        }
    }
    free_keeping(keeping);
    return GUID_NONE;
}

// --- reading ---

static enum err read_one(struct call *c, str key, bytes body, struct denial *out)
{
    struct unpack u;
    struct denial d;
    str           kept;
    TRY(call_copy_str(c, bytes_str(body), &kept)); // borrowed for the visit only
    TRY(log_key_read(c, str_from(key, LOG_DENIAL.prefix.n), &d.time_ns, &d.id));
    unpack_begin(&u, str_bytes(kept));
    if (u.version != DENIAL_VERSION)
        return FAIL(c, ERR_STORE_DAMAGED, "The record of a refused request is of a form that this version does not know.");
    d.who.g = unpack_guid(&u);
    d.who_name = unpack_str(&u);
    d.action = unpack_str(&u);
    d.is_data = unpack_bool(&u);
    d.scope = unpack_str(&u);
    d.explained = unpack_str(&u);
    TRY(unpack_end(c, &u));
    *out = d;
    return OK;
}

struct search {
    guid          wanted;
    struct denial found;
    bool          is_found;
};

static enum err compare(struct call *c, str key, bytes body, void *context)
{
    struct search *s = context;
    int64_t        time_ns;
    guid           id;
    TRY(log_key_read(c, str_from(key, LOG_DENIAL.prefix.n), &time_ns, &id));
    if (s->is_found || !guid_eq(id, s->wanted)) return OK;
    s->is_found = true;
    return read_one(c, key, body, &s->found);
}

enum err denials_find(struct call *c, struct store_session *session, guid id, struct denial *out)
{
    struct search s = {.wanted = id};
    TRY(store_scan(c, session, STORE_DIAGNOSTIC, &(struct store_range){.prefix = LOG_DENIAL.prefix, .backwards = true}, compare, &s));
    if (!s.is_found) return FAIL(c, ERR_NOT_FOUND, "No refused request of the id %s is recorded; the latest %d are.", guid_text(id).s, DENIALS_KEPT);
    *out = s.found;
    return OK;
}

struct denial_list {
    struct denial *items;
    size_t         n;
};

static enum err add(struct call *c, str key, bytes body, void *context)
{
    struct denial_list *l = context;
    return read_one(c, key, body, &l->items[l->n++]);
}

enum err denials_list(struct call *c, struct store_session *session, size_t limit, struct denial **out, size_t *out_n)
{
    struct denial_list l = {0};
    TRY(NEW(c, &l.items, limit));
    TRY(store_scan(c, session, STORE_DIAGNOSTIC, &(struct store_range){.prefix = LOG_DENIAL.prefix, .backwards = true, .limit = limit}, add, &l));
    *out = l.items;
    *out_n = l.n;
    return OK;
}
