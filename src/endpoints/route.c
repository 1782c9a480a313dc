// Matching a path against the patterns of a service.
#include "endpoints/router.h"

struct segments {
    str    at[ROUTE_MAX_SEGMENTS];
    size_t n;
};

// Splits at "/", leaves empty segments out (clients double slashes), decodes each one by itself.
static enum err split_path(struct call *c, str raw, struct segments *out)
{
    out->n = 0;
    for (str rest = raw, piece; str_cut(&rest, '/', &piece);) {
        str text;
        if (str_empty(piece)) continue;
        if (out->n == ROUTE_MAX_SEGMENTS) return FAIL(c, ERR_URL_INVALID, "The path has more than %d segments.", ROUTE_MAX_SEGMENTS);
        TRY(http_unescape(c, piece, &text));
        if (str_find(text, '/') != STR_NOWHERE) return FAIL(c, ERR_URL_INVALID, "A segment of the path holds an escaped slash.");
        if (str_eq(text, S(".")) || str_eq(text, S(".."))) return FAIL(c, ERR_URL_INVALID, "The path holds a dot segment.");
        out->at[out->n++] = text;
    }
    return OK;
}

static str join(struct call *c, const str *at, size_t n)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < n; i++) {
        buf_add_char(&b, '/');
        buf_add(&b, at[i]);
    }
    return b.failed ? STR_NONE : buf_view(&b);
}

static bool is_param(str piece)
{
    return str_starts(piece, S("{"));
}

static bool is_star(str piece)
{
    return is_param(piece) && str_ends(piece, S("*}"));
}

static str param_name(str piece)
{
    return (str){piece.at + 1, piece.n - (is_star(piece) ? 3 : 2)};
}

static size_t pattern_pieces(const char *pattern, str pieces[ROUTE_MAX_SEGMENTS])
{
    size_t n = 0;
    for (str rest = str_of(pattern + 1), piece; n < ROUTE_MAX_SEGMENTS && str_cut(&rest, '/', &piece);)
        if (!str_empty(piece)) pieces[n++] = piece;
    return n;
}

static void add_param(struct wire *q, str piece, str value)
{
    if (q->param_n == ROUTE_MAX_PARAMS) return; // a pattern with more is our own mistake, seen by its test
    q->params[q->param_n].name = param_name(piece);
    q->params[q->param_n++].value = value;
}

static bool match_piece(const struct service *s, struct wire *q, str piece, str segment)
{
    if (is_param(piece)) {
        add_param(q, piece, segment);
        return true;
    }
    return s->paths_nocase ? str_eq_nocase(piece, segment) : str_eq(piece, segment);
}

static bool match(struct call *c, const struct service *s, const char *pattern, const struct segments *path, struct wire *q)
{
    str    pieces[ROUTE_MAX_SEGMENTS];
    size_t n = pattern_pieces(pattern, pieces), star = 0;
    while (star < n && !is_star(pieces[star])) star++;
    bool   has_star = star < n;
    size_t behind = has_star ? n - star - 1 : 0;
    q->param_n = 0;
    if (has_star ? path->n < n - 1 : path->n != n) return false;
    for (size_t i = 0; i < star; i++)
        if (!match_piece(s, q, pieces[i], path->at[i])) return false;
    for (size_t i = 0; i < behind; i++)
        if (!match_piece(s, q, pieces[star + 1 + i], path->at[path->n - behind + i])) return false;
    if (has_star) add_param(q, pieces[star], join(c, path->at + star, path->n - star - behind));
    return true;
}

enum err route_find(struct call *c, const struct service *s, enum http_method method, str raw_path, struct wire *q, const struct route **out)
{
    struct segments path;
    bool            path_known = false;
    TRY(split_path(c, raw_path, &path));
    q->path = path.n ? join(c, path.at, path.n) : S("/");
    for (size_t i = 0; i < s->route_n; i++) {
        const struct route *r = &s->routes[i];
        if (r->method != method && path_known) continue;
        if (!match(c, s, r->pattern, &path, q)) continue;
        path_known = true;
        if (r->method != method) continue;
        *out = r;
        return OK;
    }
    q->param_n = 0;
    if (path_known) return FAIL_PLAIN(c, ERR_METHOD_NOT_ALLOWED);
    return FAIL(c, ERR_NOT_FOUND, "Nothing answers at '%.*s'.", PSTR(q->path));
}
