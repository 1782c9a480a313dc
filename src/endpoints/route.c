// Matching a path against the patterns of a service.
#include <assert.h>

#include "endpoints/router.h"

// A path in segments. Those from escaped_from to before escaped_to came of pieces with an escaped slash, and of what stands between.
struct segments {
    str    at[ROUTE_MAX_SEGMENTS];
    size_t n;
    bool   has_escaped;
    size_t escaped_from, escaped_to;
};

static enum err refuse_escaped_slash(struct call *c)
{
    return FAIL(c, ERR_URL_INVALID, "A segment of the path holds an escaped slash.");
}

static enum err add_segment(struct call *c, const struct path_policy *policy, str segment, struct segments *out)
{
    bool is_dots = str_eq(segment, S(".")) || str_eq(segment, S(".."));
    if (is_dots && !policy->takes_dot_segments) return FAIL(c, ERR_URL_INVALID, "The path holds a dot segment.");
    if (out->n == ROUTE_MAX_SEGMENTS) return FAIL(c, ERR_URL_INVALID, "The path has more than %d segments.", ROUTE_MAX_SEGMENTS);
    out->at[out->n++] = segment;
    return OK;
}

// Where the escaped slash may stand is judged once the row is known.
static enum err add_parts(struct call *c, const struct path_policy *policy, str decoded, struct segments *out)
{
    if (!out->has_escaped) out->escaped_from = out->n;
    out->has_escaped = true;
    for (str rest = decoded, part; str_cut(&rest, '/', &part);)
        if (!str_empty(part)) TRY(add_segment(c, policy, part, out));
    out->escaped_to = out->n;
    return OK;
}

// Decodes a piece between two slashes, once.
static enum err read_piece(struct call *c, const struct path_policy *policy, str piece, struct segments *out)
{
    str decoded;
    TRY(http_unescape(c, piece, &decoded));
    if (policy->takes_slashes || str_find(decoded, '/') == STR_NOWHERE) return add_segment(c, policy, decoded, out);
    return policy->splits_star ? add_parts(c, policy, decoded, out) : refuse_escaped_slash(c);
}

// Splits at "/" and decodes each segment by itself. Clients double slashes: what is empty is left out unless the policy keeps it.
static enum err split_path(struct call *c, const struct path_policy *policy, str raw, struct segments *out)
{
    bool keeps_empty = policy->keeps_empty && raw.n > 1;
    *out = (struct segments){.n = 0};
    if (str_starts(raw, S("/"))) raw = str_from(raw, 1);
    for (str rest = raw, piece; str_cut(&rest, '/', &piece);) {
        if (str_empty(piece) && !keeps_empty) continue;
        TRY(read_piece(c, policy, piece, out));
    }
    return OK;
}

static enum err join(struct call *c, const str *at, size_t n, str *out)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (size_t i = 0; i < n; i++) {
        buf_add_char(&b, '/');
        buf_add(&b, at[i]);
    }
    return buf_finish(c, &b, out);
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

// A pattern in pieces; `star` is the piece that stands for any number of segments, or their number.
struct pattern {
    str    pieces[ROUTE_MAX_SEGMENTS];
    size_t n, star;
};

static void read_pattern(const char *text, struct pattern *out)
{
    out->n = pattern_pieces(text, out->pieces);
    for (out->star = 0; out->star < out->n && !is_star(out->pieces[out->star]);) out->star++;
}

static bool fits_piece(const struct service *s, str piece, str segment)
{
    return is_param(piece) || (s->paths.ignores_case ? str_eq_nocase(piece, segment) : str_eq(piece, segment));
}

// How many segments the star stands for: what the other pieces leave.
static size_t star_length(const struct pattern *p, const struct segments *path)
{
    return p->star < p->n ? path->n + 1 - p->n : 0;
}

static bool fits(const struct service *s, const struct pattern *p, const struct segments *path)
{
    if (p->star < p->n ? path->n + 1 < p->n : path->n != p->n) return false;
    size_t skip = star_length(p, path);
    for (size_t i = 0; i < p->star; i++)
        if (!fits_piece(s, p->pieces[i], path->at[i])) return false;
    for (size_t i = p->star + 1; i < p->n; i++)
        if (!fits_piece(s, p->pieces[i], path->at[i - 1 + skip])) return false;
    return true;
}

// Do all escaped slashes stand in the star that the policy names?
static enum err check_escaped(struct call *c, const struct path_policy *policy, const struct pattern *p, const struct segments *path)
{
    if (!path->has_escaped) return OK;
    bool is_split = p->star < p->n && str_eq(param_name(p->pieces[p->star]), str_of(policy->splits_star));
    bool is_within = path->escaped_from >= p->star && path->escaped_to <= p->star + star_length(p, path);
    return is_split && is_within ? OK : refuse_escaped_slash(c);
}

static enum err fill_params(struct call *c, const struct pattern *p, const struct segments *path, struct wire *q)
{
    size_t at = 0;
    for (size_t i = 0; i < p->n; i++) {
        size_t taken = i == p->star ? star_length(p, path) : 1;
        if (is_param(p->pieces[i])) {
            assert(q->param_n < ROUTE_MAX_PARAMS);
            str *value = &q->params[q->param_n].value;
            q->params[q->param_n++].name = param_name(p->pieces[i]);
            if (i == p->star) TRY(join(c, path->at + at, taken, value));
            else *value = path->at[at];
        }
        at += taken;
    }
    return OK;
}

// Does the query hold all that the row demands: each "name=value", or "name" with any value?
static bool fits_query(const struct wire *q, const char *demands)
{
    for (str rest = str_of(demands), one; str_cut(&rest, '&', &one);) {
        size_t equals = str_find(one, '=');
        str    value = http_field(q->query, q->query_n, str_upto(one, equals));
        if (!value.at) return false;
        if (equals != STR_NOWHERE && !str_eq_nocase(value, str_from(one, equals + 1))) return false;
    }
    return true;
}

// The row whose pattern is the path itself, as most are that are asked all day; NULL: it takes a closer look.
static const struct route *find_literal(const struct service *s, enum http_method method, str raw_path)
{
    for (size_t i = 0; i < s->route_n; i++) {
        const struct route *r = &s->routes[i];
        if (r->query || strchr(r->pattern, '{')) return NULL; // it stands before the others, and may fit too
        if (r->method == method && str_eq(str_of(r->pattern), raw_path)) return r;
    }
    return NULL;
}

enum err route_find(struct call *c, const struct service *s, enum http_method method, str raw_path, struct wire *q, const struct route **out)
{
    struct segments path;
    struct pattern  pattern;
    bool            path_known = false;
    q->param_n = 0;
    q->path = raw_path;
    const struct route *literal = find_literal(s, method, raw_path);
    if (literal) {
        *out = literal;
        return OK;
    }
    TRY(split_path(c, &s->paths, raw_path, &path));
    TRY(join(c, path.at, path.n, &q->path));
    if (path.n == 0) q->path = S("/");
    for (size_t i = 0; i < s->route_n; i++) {
        const struct route *r = &s->routes[i];
        if (r->method != method && path_known) continue;
        read_pattern(r->pattern, &pattern);
        if (!fits(s, &pattern, &path) || !fits_query(q, r->query)) continue;
        path_known = true;
        if (r->method != method) continue;
        TRY(check_escaped(c, &s->paths, &pattern, &path));
        TRY(fill_params(c, &pattern, &path, q));
        *out = r;
        return OK;
    }
    if (path.has_escaped) return refuse_escaped_slash(c);
    if (path_known) return FAIL_PLAIN(c, ERR_METHOD_NOT_ALLOWED);
    return FAIL(c, ERR_NOT_FOUND, "Nothing answers at '%.*s'.", PSTR(q->path));
}
