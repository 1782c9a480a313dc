#include "endpoints/page.h"

#include "core/b64.h"
#include "core/digest.h"

#define TOKEN_NAME S("$skiptoken")

// What a cursor is sealed for: this list and no other, and whoever asks. A byte that no text has ends each; the id is of one length.
static enum err bound_of(struct call *c, const struct wire *q, str *out)
{
    struct buf b;
    const guid who = c->caller ? c->caller->id.g : GUID_NONE;
    const str  PARTS[] = {q->label, q->path, wire_query(q, "$filter"), guid_key(&who)};
    buf_init(&b, &c->arena);
    buf_add(&b, S("lanyard cursor"));
    for (size_t i = 0; i < COUNT(PARTS); i++) {
        buf_add_char(&b, '\0');
        buf_add(&b, PARTS[i]);
    }
    return buf_finish(c, &b, out);
}

static enum err refuse(struct call *c)
{
    call_forgive(c);
    return FAIL(c, ERR_PARAMETER_INVALID, "The $skiptoken is not one that this service gave for this list.");
}

static enum err read_cursor(struct call *c, const struct wire *q, str token, str *out)
{
    CLEANUP(secret_clear) struct secret key = {0};
    bytes                               box;
    str                                 bound;
    TRY(bound_of(c, q, &bound));
    if (b64url_decode(c, token, &box) != OK || box.n <= SEAL_OVERHEAD_BYTES || box.n > SEAL_OVERHEAD_BYTES + PAGE_MAX_KEY_BYTES) return refuse(c);
    if (seal_open(c, &q->product->seal_key, box, bound, &key) != OK) return c->failure.kind == ERR_CRYPTO ? refuse(c) : c->failure.kind;
    return call_copy_str(c, bytes_str(secret_reveal(&key)), out);
}

enum err page_begin(struct call *c, const struct wire *q, size_t room, struct page *out)
{
    str token = wire_query(q, "$skiptoken"), after = STR_NONE;
    if (token.at) TRY(read_cursor(c, q, token, &after));
    *out = (struct page){.after = after, .room = room, .looks = PAGE_MAX_LOOKS};
    return OK;
}

enum err page_begin_guids(struct call *c, const struct wire *q, size_t room, struct page *out, const guid **after)
{
    guid *id = NULL;
    TRY(page_begin(c, q, room, out));
    if (!str_empty(out->after)) {
        if (out->after.n != sizeof id->b) return refuse(c);
        TRY(NEW(c, &id, 1));
        memcpy(id->b, out->after.at, sizeof id->b);
    }
    *after = id;
    return OK;
}

bool page_takes(struct page *page, str key, bool belongs)
{
    if (page->looks == 0 || (belongs && page->room == 0)) {
        page->is_full = true;
        return false;
    }
    page->looks--;
    page->room -= belongs;
    page->last = key;
    return belongs;
}

enum err page_cursor(struct call *c, const struct wire *q, str last, str *out)
{
    struct buf b;
    str        bound;
    bytes      box;
    if (last.n == 0 || last.n > PAGE_MAX_KEY_BYTES) return FAIL(c, ERR_INTERNAL, "A page ended at a key of %zu bytes.", last.n);
    TRY(bound_of(c, q, &bound));
    TRY(seal_close(c, &q->product->seal_key, str_bytes(last), bound, &box));
    buf_init(&b, &c->arena);
    b64url_add(&b, box);
    return buf_finish(c, &b, out);
}

static void add_name(struct buf *b, str name, bool plain_dollar)
{
    bool is_plain = plain_dollar && str_starts(name, S("$"));
    if (is_plain) buf_add_char(b, '$');
    http_escape(b, str_from(name, is_plain));
    buf_add_char(b, '=');
}

enum err page_link(struct call *c, const struct wire *q, const struct page *page, bool plain_dollar, str *out)
{
    struct buf b;
    str        cursor;
    TRY(page_cursor(c, q, page->last, &cursor));
    buf_init(&b, &c->arena);
    buf_addf(&b, "https://%.*s%.*s?", PSTR(q->http->host), PSTR(q->http->path));
    for (size_t i = 0; i < q->query_n; i++) {
        if (str_eq_nocase(q->query[i].name, TOKEN_NAME)) continue;
        add_name(&b, q->query[i].name, plain_dollar);
        http_escape(&b, q->query[i].value);
        buf_add_char(&b, '&');
    }
    add_name(&b, TOKEN_NAME, plain_dollar);
    buf_add(&b, cursor);
    return buf_finish(c, &b, out);
}
