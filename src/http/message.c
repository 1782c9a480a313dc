#include "http/message.h"

// What a byte may be part of.
enum { TOKEN = 1, PATH = 2, QUERY = 4, HOST = 8, HEX = 16, DIGIT = 32 };
#define MARK   (TOKEN | PATH | QUERY)
#define LETTER (MARK | HOST)

// PATH and QUERY are wider than RFC 3986: programs that follow the WHATWG URL rules send [ ] ^ | { } as they are.
static const uint8_t CLASS[256] = {
    ['!'] = MARK, ['$'] = MARK, ['%'] = MARK, ['&'] = MARK, ['\''] = MARK, ['*'] = MARK, ['+'] = MARK, ['^'] = MARK,
    ['`'] = MARK, ['|'] = MARK, ['~'] = MARK, ['#'] = TOKEN, ['-'] = LETTER, ['.'] = LETTER, ['_'] = LETTER,
    ['('] = PATH | QUERY, [')'] = PATH | QUERY, [','] = PATH | QUERY, ['/'] = PATH | QUERY, [':'] = PATH | QUERY,
    [';'] = PATH | QUERY, ['='] = PATH | QUERY, ['@'] = PATH | QUERY, ['['] = PATH | QUERY, [']'] = PATH | QUERY,
    ['{'] = PATH | QUERY, ['}'] = PATH | QUERY, ['?'] = QUERY, ['\\'] = QUERY,
    ['0' ... '9'] = LETTER | HEX | DIGIT, ['A' ... 'F'] = LETTER | HEX, ['a' ... 'f'] = LETTER | HEX,
    ['G' ... 'Z'] = LETTER, ['g' ... 'z'] = LETTER,
};

static bool is(char c, unsigned class)
{
    return (CLASS[(unsigned char)c] & class) != 0;
}

static bool all_are(str s, unsigned class)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is(s.at[i], class)) return false;
    return true;
}

struct reader {
    const char *p;
    const char *end;
    int         status; // of the refusal
};

// Goes on only when the part was read whole.
#define STEP(expression)                              \
    do {                                              \
        enum http_progress step_ = (expression);      \
        if (step_ != HTTP_DONE) return step_;         \
    } while (0)

static enum http_progress refuse(struct reader *r, int status)
{
    r->status = status;
    return HTTP_REFUSED;
}

static size_t left(const struct reader *r)
{
    return (size_t)(r->end - r->p);
}

static str skip(struct reader *r, unsigned class)
{
    const char *from = r->p, *p = from;
    while (p < r->end && is(*p, class)) p++;
    r->p = p;
    return (str){from, (size_t)(p - from)};
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

// True if one of eight bytes is below 0x20 or is 0x7f.
static bool has_control(const char *p)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t       w;
    memcpy(&w, p, sizeof w);
    uint64_t low = (w - ones * 0x20) & ~w;
    uint64_t del = w ^ (ones * 0x7f);
    return ((low | ((del - ones) & ~del)) & (ones * 0x80)) != 0;
}

// Text up to the first control character; tabs are text. Tokens are long: eight bytes at a time.
static str skip_text(struct reader *r)
{
    const char *from = r->p;
    for (;;) {
        while (left(r) >= 8 && !has_control(r->p)) r->p += 8;
        for (size_t i = 0; i < 8; i++, r->p++)
            if (r->p == r->end || is_control(*r->p)) return (str){from, (size_t)(r->p - from)};
    }
}

static enum http_progress read_line_end(struct reader *r)
{
    if (left(r) == 0) return HTTP_NEED_MORE;
    if (r->p[0] != '\r') return refuse(r, 400);
    if (left(r) == 1) return HTTP_NEED_MORE;
    if (r->p[1] != '\n') return refuse(r, 400);
    r->p += 2;
    return HTTP_DONE;
}

static enum http_method method_of(str text)
{
    static const str NAMES[] = {
        [HTTP_GET] = S_INIT("GET"),       [HTTP_HEAD] = S_INIT("HEAD"),     [HTTP_POST] = S_INIT("POST"),
        [HTTP_PUT] = S_INIT("PUT"),       [HTTP_PATCH] = S_INIT("PATCH"),   [HTTP_DELETE] = S_INIT("DELETE"),
        [HTTP_OPTIONS] = S_INIT("OPTIONS"),
    };
    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (str_eq(NAMES[i], text)) return (enum http_method)i;
    return HTTP_OTHER;
}

static enum http_progress read_method(struct reader *r, struct http_request *out)
{
    out->method_text = skip(r, TOKEN);
    if (out->method_text.n > HTTP_MAX_METHOD_BYTES) return refuse(r, 501);
    if (left(r) == 0) return HTTP_NEED_MORE;
    if (*r->p != ' ' || out->method_text.n == 0) return refuse(r, 400);
    r->p++;
    out->method = method_of(out->method_text);
    return HTTP_DONE;
}

static enum http_progress read_target(struct reader *r, struct http_request *out)
{
    const char *from = r->p;
    out->path = skip(r, PATH);
    if (left(r) && *r->p == '?') {
        r->p++;
        out->query = skip(r, QUERY);
    }
    out->target = (str){from, (size_t)(r->p - from)};
    if (out->target.n > HTTP_MAX_TARGET_BYTES) return refuse(r, 414);
    if (left(r) == 0) return HTTP_NEED_MORE;
    if (*r->p != ' ' || out->target.n == 0) return refuse(r, 400);
    r->p++;
    return HTTP_DONE;
}

static enum http_progress read_version(struct reader *r, bool *out_is_1_0)
{
    static const char FORM[] = "HTTP/#.#";
    const char       *from = r->p;
    for (size_t i = 0; i < sizeof FORM - 1; i++, r->p++) {
        if (left(r) == 0) return HTTP_NEED_MORE;
        if (FORM[i] == '#' ? !is(*r->p, DIGIT) : *r->p != FORM[i]) return refuse(r, 400);
    }
    if (from[5] != '1' || from[7] > '1') return refuse(r, 505);
    *out_is_1_0 = from[7] == '0';
    return read_line_end(r);
}

// A header or trailer line; one that is folded begins with a blank, which no name does.
static enum http_progress read_field(struct reader *r, struct http_header *out)
{
    out->name = skip(r, TOKEN);
    if (left(r) == 0) return HTTP_NEED_MORE;
    if (*r->p != ':' || out->name.n == 0) return refuse(r, 400);
    r->p++;
    out->value = str_trim(skip_text(r));
    return read_line_end(r);
}

static bool port_ok(str port)
{
    uint64_t n;
    return port.n >= 1 && port.n <= 5 && all_are(port, DIGIT) && str_to_u64(port, &n) && n <= UINT16_MAX;
}

static bool host_ok(str host)
{
    size_t name_end;
    if (host.n && host.at[0] == '[') {
        size_t close = str_find(host, ']');
        if (close == STR_NOWHERE || close == 1) return false;
        for (size_t i = 1; i < close; i++)
            if (!is(host.at[i], HEX) && host.at[i] != ':' && host.at[i] != '.') return false;
        name_end = close + 1;
    } else {
        name_end = str_find(host, ':');
        if (name_end == 0 || host.n == 0 || !all_are(str_upto(host, name_end), HOST)) return false;
    }
    if (name_end >= host.n) return true;
    return host.at[name_end] == ':' && port_ok(str_from(host, name_end + 1));
}

// Headers that say something about the message itself, by the length of their names. The value of
// each but Connection is one thing: two of them mean that two readers may disagree.
enum meaning { NOTHING, IS_HOST, IS_LENGTH, IS_CODING, IS_CONNECTION, IS_EXPECT, IS_SINGLE };
static const struct {
    str          name;
    enum meaning meaning;
} MEANINGS[] = {
    [4] = {S_INIT("Host"), IS_HOST},
    [6] = {S_INIT("Expect"), IS_EXPECT},
    [10] = {S_INIT("Connection"), IS_CONNECTION},
    [12] = {S_INIT("Content-Type"), IS_SINGLE},
    [13] = {S_INIT("Authorization"), IS_SINGLE},
    [14] = {S_INIT("Content-Length"), IS_LENGTH},
    [17] = {S_INIT("Transfer-Encoding"), IS_CODING},
};

struct noted {
    uint32_t names; // a bit for each length of a name in MEANINGS that came
    str      host;
    bool     close;
};

static bool has_member(str list, str name)
{
    for (str rest = list, piece; str_cut(&rest, ',', &piece);)
        if (str_eq_nocase(str_trim(piece), name)) return true;
    return false;
}

static enum http_progress read_length(struct reader *r, str value, size_t *out)
{
    uint64_t n;
    if (value.n == 0 || !all_are(value, DIGIT)) return refuse(r, 400);
    if (!str_to_u64(value, &n) || n > HTTP_MAX_LENGTH) return refuse(r, 413);
    *out = (size_t)n;
    return HTTP_DONE;
}

static enum http_progress note(struct reader *r, const struct http_header *h, struct noted *seen, struct http_framing *framing)
{
    size_t n = h->name.n;
    if (n >= COUNT(MEANINGS) || MEANINGS[n].meaning == NOTHING || !str_eq_nocase(h->name, MEANINGS[n].name)) return HTTP_DONE;
    bool again = seen->names & (UINT32_C(1) << n);
    if (again && MEANINGS[n].meaning != IS_CONNECTION) return refuse(r, 400);
    seen->names |= UINT32_C(1) << n;
    switch (MEANINGS[n].meaning) {
    case IS_HOST: seen->host = h->value; return host_ok(h->value) ? HTTP_DONE : refuse(r, 400);
    case IS_LENGTH: return read_length(r, h->value, &framing->content_length);
    case IS_CODING: framing->chunked = true; return str_eq_nocase(h->value, S("chunked")) ? HTTP_DONE : refuse(r, 501);
    case IS_CONNECTION: seen->close = seen->close || has_member(h->value, S("close")); return HTTP_DONE;
    case IS_EXPECT: framing->expects_continue = true; return str_eq_nocase(h->value, S("100-continue")) ? HTTP_DONE : refuse(r, 417);
    case IS_SINGLE:
    case NOTHING: break;
    }
    return HTTP_DONE;
}

static bool came(const struct noted *seen, size_t name_bytes)
{
    return seen->names & (UINT32_C(1) << name_bytes);
}

// "http://host/path" as a proxy's client sends it: the host must be the one of the Host field.
static bool reduce_target(struct http_request *q)
{
    if (q->path.n && q->path.at[0] == '/') return true;
    if (q->method == HTTP_OPTIONS && str_eq(q->target, S("*"))) return true;
    size_t scheme = str_starts_nocase(q->path, S("http://")) ? 7 : str_starts_nocase(q->path, S("https://")) ? 8 : 0;
    if (scheme == 0) return false;
    str    rest = str_from(q->path, scheme);
    size_t slash = str_find(rest, '/');
    q->path = slash == STR_NOWHERE ? S("/") : str_from(rest, slash);
    return str_eq_nocase(str_upto(rest, slash), q->host);
}

static enum http_progress read_whole_head(struct reader *r, struct http_header *headers, struct http_request *q, struct http_framing *framing)
{
    bool         is_1_0;
    struct noted seen = {0};
    // One empty line before the request is forgiven, as RFC 9112 section 2.2 asks.
    if (left(r) && *r->p == '\r') STEP(read_line_end(r));
    STEP(read_method(r, q));
    STEP(read_target(r, q));
    STEP(read_version(r, &is_1_0));
    while (left(r) && *r->p != '\r') {
        if (q->header_n == HTTP_MAX_HEADERS) return refuse(r, 431);
        struct http_header *h = &headers[q->header_n++];
        STEP(read_field(r, h));
        STEP(note(r, h, &seen, framing));
    }
    STEP(read_line_end(r));

    q->host = seen.host;
    if (!came(&seen, sizeof "Host" - 1) || !reduce_target(q)) return refuse(r, 400);
    if (framing->chunked && (is_1_0 || came(&seen, sizeof "Content-Length" - 1))) return refuse(r, 400);
    framing->is_1_0 = is_1_0;
    framing->keep_alive = !is_1_0 && !seen.close;
    framing->expects_continue = framing->expects_continue && !is_1_0;
    return HTTP_DONE;
}

enum http_progress http_read_head(str in, struct http_header headers[HTTP_MAX_HEADERS], struct http_request *out, struct http_framing *framing,
                                  int *out_status)
{
    struct reader       r = {.p = in.at, .end = in.at + (in.n < HTTP_MAX_HEAD_BYTES ? in.n : HTTP_MAX_HEAD_BYTES)};
    struct http_request q = {.headers = headers};
    struct http_framing f = {0};
    enum http_progress  progress = read_whole_head(&r, headers, &q, &f);
    if (progress == HTTP_NEED_MORE && in.n >= HTTP_MAX_HEAD_BYTES) progress = refuse(&r, 431);
    if (progress == HTTP_REFUSED) *out_status = r.status;
    if (progress != HTTP_DONE) return progress;
    f.head_bytes = (size_t)(r.p - in.at);
    *out = q;
    *framing = f;
    return HTTP_DONE;
}

// size [";" extension] CRLF. Blanks behind the size are refused: readers differ about them.
static enum http_progress read_chunk_size(struct reader *r, size_t *out)
{
    struct reader line = *r;
    bool          is_cut = left(r) > HTTP_MAX_CHUNK_LINE_BYTES;
    size_t        size = 0;
    if (is_cut) line.end = line.p + HTTP_MAX_CHUNK_LINE_BYTES;
    str digits = skip(&line, HEX);
    if (digits.n > 8 || (digits.n == 0 && left(&line))) return refuse(r, 400);
    for (size_t i = 0; i < digits.n; i++) size = size * 16 + (size_t)char_hex(digits.at[i]);
    if (left(&line) && *line.p == ';') skip_text(&line);
    enum http_progress progress = read_line_end(&line);
    if (progress == HTTP_REFUSED || (progress == HTTP_NEED_MORE && is_cut)) return refuse(r, 400);
    r->p = line.p;
    *out = size;
    return progress;
}

static enum http_progress read_chunk_start(struct reader *r, struct http_chunks *state)
{
    size_t size;
    STEP(read_chunk_size(r, &size));
    size_t limit = state->limit ? state->limit : HTTP_MAX_BODY_BYTES;
    if (size > limit - state->taken - state->joined) return refuse(r, 413);
    state->left = size;
    state->next = size ? HTTP_CHUNK_DATA : HTTP_CHUNK_TRAILER;
    return HTTP_DONE;
}

static enum http_progress join_chunk(struct reader *r, struct http_chunks *state, char *in)
{
    size_t n = state->left < left(r) ? state->left : left(r);
    memmove(in + state->joined, r->p, n);
    r->p += n;
    state->joined += n;
    state->left -= n;
    if (state->left) return HTTP_NEED_MORE;
    state->next = HTTP_CHUNK_END;
    return HTTP_DONE;
}

static enum http_progress drop_trailer(struct reader *r, struct http_chunks *state)
{
    const char        *from = r->p;
    struct http_header dropped;
    enum http_progress progress = read_field(r, &dropped);
    size_t             line = progress == HTTP_NEED_MORE ? (size_t)(r->end - from) : (size_t)(r->p - from);
    if (state->trailer_bytes + line > HTTP_MAX_TRAILER_BYTES) return refuse(r, 431);
    if (progress == HTTP_DONE) state->trailer_bytes += line;
    return progress;
}

static enum http_progress read_chunk_part(struct reader *r, struct http_chunks *state, char *in)
{
    switch (state->next) {
    case HTTP_CHUNK_SIZE: return read_chunk_start(r, state);
    case HTTP_CHUNK_DATA: return join_chunk(r, state, in);
    case HTTP_CHUNK_END:
        STEP(read_line_end(r));
        state->next = HTTP_CHUNK_SIZE;
        return HTTP_DONE;
    case HTTP_CHUNK_TRAILER: return drop_trailer(r, state);
    }
    return refuse(r, 400);
}

enum http_progress http_read_chunks(struct http_chunks *state, char *in, size_t *n, int *out_status)
{
    struct reader      r = {.p = in + state->joined, .end = in + *n};
    enum http_progress progress = HTTP_DONE;
    bool               ended = false;
    while (progress == HTTP_DONE && !ended) {
        const char *from = r.p;
        ended = state->next == HTTP_CHUNK_TRAILER && left(&r) && *from == '\r';
        progress = ended ? read_line_end(&r) : read_chunk_part(&r, state, in);
        // A line that is not whole is read again with what comes; data is joined piece by piece.
        if (progress == HTTP_NEED_MORE && state->next != HTTP_CHUNK_DATA) r.p = from;
    }
    if (progress == HTTP_REFUSED) *out_status = r.status;
    memmove(in + state->joined, r.p, left(&r));
    *n = state->joined + left(&r);
    return progress;
}

void http_take_chunks(struct http_chunks *state)
{
    state->taken += state->joined;
    state->joined = 0;
}

str http_header(const struct http_request *r, str name)
{
    for (size_t i = 0; i < r->header_n; i++)
        if (str_eq_nocase(r->headers[i].name, name)) return r->headers[i].value;
    return STR_NONE;
}

bool http_has_header(const struct http_request *r, str name)
{
    return http_header(r, name).at != NULL;
}

bool http_is_forwarded(const struct http_request *r)
{
    static const str NAMES[] = {S_INIT("Forwarded"), S_INIT("Via"), S_INIT("X-Real-IP")}, PREFIX = S_INIT("X-Forwarded-");
    for (size_t i = 0; i < r->header_n; i++) {
        str name = r->headers[i].name;
        if (name.n > PREFIX.n && str_eq_nocase(str_upto(name, PREFIX.n), PREFIX)) return true;
        if (str_index_nocase(NAMES, COUNT(NAMES), name) != STR_NOWHERE) return true;
    }
    return false;
}
