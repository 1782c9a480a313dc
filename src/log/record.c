#include "log/record.h"

#include "core/b64.h"
#include "log/body.h"
#include "log/key.h"

void log_pack_text(struct buf *b, str text)
{
    char room[LOG_MAX_TEXT_BYTES];
    text = str_upto(text, sizeof room);
    for (size_t i = 0; i < text.n; i++) room[i] = text.at[i] < 0x20 || text.at[i] > 0x7e ? '?' : text.at[i];
    pack_str(b, (str){room, text.n});
}

static enum err key_of(struct call *c, const struct log_kind *kind, str tail, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    buf_add(&b, kind->prefix);
    buf_add(&b, tail);
    return buf_finish(c, &b, out);
}

enum err log_put(struct call *c, struct store_session *session, const struct log_kind *kind, int64_t written_ns, guid id, str body)
{
    str tail, key, stored;
    TRY(log_key(c, written_ns, id, &tail));
    TRY(key_of(c, kind, tail, &key));
    TRY(log_body_close(c, body, &stored));
    return store_put(c, session, kind->store, key, str_bytes(stored));
}

struct record_scan {
    const struct log_kind  *kind;
    const struct log_range *range;
    struct log_body_room    room;
    char                   *items;
    size_t                  n;
    char                    newest[LOG_KEY_BYTES]; // of the keys seen, without the prefix
    size_t                  newest_n;              // 0: none was seen
};

// Ends a scan that has what it wants: no failure.
#define ENOUGH ERR_CONFLICT

// Of a list with the newest first that is the first one seen, else the last.
static void note_newest(struct record_scan *l, str tail)
{
    if (l->newest_n && str_empty(l->range->after)) return;
    l->newest_n = tail.n < sizeof l->newest ? tail.n : sizeof l->newest;
    memcpy(l->newest, tail.at, l->newest_n);
}

static enum err passes(struct call *c, const struct record_scan *l, const void *item, bool *out)
{
    const guid *correlation = (const guid *)((const char *)item + l->kind->correlation);
    *out = guid_is_none(l->range->correlation_id) || guid_eq(*correlation, l->range->correlation_id);
    return *out && l->range->passes ? l->range->passes(c, item, out, l->range->context) : OK;
}

static enum err see(struct call *c, str key, bytes body, void *context)
{
    struct record_scan *l = context;
    void               *item = l->items + l->n * l->kind->item_bytes;
    int64_t             written_ns;
    guid                id;
    bool                is_listed;
    str                 kept, tail = str_from(key, l->kind->prefix.n);
    bytes               plain;
    if (l->n == l->range->limit) return ENOUGH;
    TRY(log_key_read(c, tail, &written_ns, &id));
    if (written_ns < l->range->since_ns && str_empty(l->range->after)) return ENOUGH;
    note_newest(l, tail);
    TRY(log_body_open(c, body, &l->room, &plain));
    TRY(l->kind->read(c, written_ns, id, plain, item));
    TRY(passes(c, l, item, &is_listed));
    if (!is_listed) return OK;
    TRY(call_copy_str(c, bytes_str(plain), &kept)); // it is borrowed for the visit only
    TRY(l->kind->read(c, written_ns, id, str_bytes(kept), item));
    l->n++;
    return OK;
}

static enum err write_cursor(struct call *c, str tail, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    b64url_add(&b, str_bytes(tail));
    return buf_finish(c, &b, out);
}

static enum err read_cursor(struct call *c, const struct log_kind *kind, str cursor, str *out)
{
    bytes tail;
    if (b64url_decode(c, cursor, &tail) != OK || tail.n != LOG_KEY_BYTES) {
        call_forgive(c);
        return FAIL(c, ERR_PARAMETER_INVALID, "The cursor is not one that a list of this log returned.");
    }
    return key_of(c, kind, bytes_str(tail), out);
}

enum err log_list(struct call *c, struct store_session *session, const struct log_kind *kind, const struct log_range *range, void **out,
                  size_t *out_n, str *out_cursor)
{
    struct record_scan l = {.kind = kind, .range = range};
    struct store_range scan = {.prefix = kind->prefix, .backwards = str_empty(range->after)};
    if (guid_is_none(range->correlation_id) && !range->passes) scan.limit = range->limit;
    if (!str_empty(range->after)) TRY(read_cursor(c, kind, range->after, &scan.after));
    TRY(call_new(c, range->limit + 1, kind->item_bytes, (void **)&l.items, __FILE__,
                 __LINE__)); // one more: what does not fit the filter is read there
    enum err failed = store_scan(c, session, kind->store, &scan, see, &l);
    if (failed != OK && failed != ENOUGH) return failed;
    if (out_cursor) *out_cursor = range->after;
    if (out_cursor && l.newest_n) TRY(write_cursor(c, (str){l.newest, l.newest_n}, out_cursor));
    *out = l.items;
    *out_n = l.n;
    return OK;
}

struct walk {
    const struct log_kind *kind;
    struct log_body_room   room;
    int64_t                since_ns;
    log_visit             *visit;
    void                  *context;
    void                  *item;
};

static enum err walk_one(struct call *c, str key, bytes body, void *context)
{
    struct walk *walk = context;
    int64_t      written_ns;
    guid         id;
    TRY(log_key_read(c, str_from(key, walk->kind->prefix.n), &written_ns, &id));
    if (written_ns < walk->since_ns) return ENOUGH;
    bool  more = true;
    bytes plain;
    TRY(log_body_open(c, body, &walk->room, &plain));
    TRY(walk->kind->read(c, written_ns, id, plain, walk->item));
    TRY(walk->visit(c, walk->item, key, &more, walk->context));
    return more ? OK : ENOUGH;
}

enum err log_walk(struct call *c, struct store_session *session, const struct log_kind *kind, str before, int64_t since_ns, log_visit *visit,
                  void *context)
{
    struct walk        walk = {.kind = kind, .since_ns = since_ns, .visit = visit, .context = context};
    struct store_range range = {.prefix = kind->prefix, .after = before, .backwards = true};
    TRY(call_new(c, 1, kind->item_bytes, &walk.item, __FILE__, __LINE__));
    enum err failed = store_scan(c, session, kind->store, &range, walk_one, &walk);
    return failed == ENOUGH ? OK : failed;
}

struct search {
    const struct log_kind *kind;
    guid                   wanted;
    int64_t                until_ns;
    void                  *out;
    bool                   is_found;
};

static enum err compare(struct call *c, str key, bytes body, void *context)
{
    struct search       *search = context;
    struct log_body_room room = {0};
    int64_t              written_ns;
    guid                 id;
    bytes                plain;
    str                  kept;
    TRY(log_key_read(c, str_from(key, search->kind->prefix.n), &written_ns, &id));
    if (written_ns >= search->until_ns) return ENOUGH;
    if (!guid_eq(id, search->wanted)) return OK;
    TRY(log_body_open(c, body, &room, &plain));
    TRY(call_copy_str(c, bytes_str(plain), &kept));
    TRY(search->kind->read(c, written_ns, id, str_bytes(kept), search->out));
    search->is_found = true;
    return ENOUGH;
}

enum err log_find(struct call *c, struct store_session *session, const struct log_kind *kind, guid id, void *out)
{
    struct search      search = {.kind = kind, .wanted = id, .out = out};
    struct store_range range = {.prefix = kind->prefix};
    int64_t            ms;
    str                tail;
    if (!log_id_ms(id, &ms)) return FAIL_PLAIN(c, ERR_NOT_FOUND);
    search.until_ns = (ms + 1) * NS_PER_MS;
    TRY(log_key(c, ms * NS_PER_MS, GUID_NONE, &tail)); // no record has this key itself: its id would be none
    TRY(key_of(c, kind, tail, &range.after));
    enum err failed = store_scan(c, session, kind->store, &range, compare, &search);
    if (failed != OK && failed != ENOUGH) return failed;
    return search.is_found ? OK : FAIL_PLAIN(c, ERR_NOT_FOUND);
}
