// A path that is found was read in one way only: no segment holds a slash or is a dot segment, the params are the
// path's own segments, and the decoded path, escaped again, leads to the same row.
#include "endpoints/router.h"
#include "fuzz.h"

static void check_segments(str path)
{
    ASSERT(path.n > 0 && path.at[0] == '/');
    if (path.n == 1) return;
    size_t n = 0;
    for (str rest = str_from(path, 1), piece; str_cut(&rest, '/', &piece); n++)
        ASSERT(!str_empty(piece) && !str_eq(piece, S(".")) && !str_eq(piece, S("..")) && str_find(piece, '\0') == STR_NOWHERE);
    ASSERT(n <= ROUTE_MAX_SEGMENTS);
}

static bool is_part(str path, str value)
{
    if (str_empty(value)) return true;
    if (value.at[0] == '/') { // of a star
        size_t at = str_find_str(path, value);
        return at != STR_NOWHERE;
    }
    for (str rest = path, piece; str_cut(&rest, '/', &piece);)
        if (str_eq(piece, value)) return true;
    return false;
}

static str escaped(struct call *c, str path)
{
    struct buf b;
    buf_init(&b, &c->arena);
    for (str rest = str_from(path, 1), piece; str_cut(&rest, '/', &piece);) {
        buf_add_char(&b, '/');
        http_escape(&b, piece);
    }
    ASSERT(!b.failed);
    return buf_view(&b);
}

static void check_service(struct call *c, const struct service *s, enum http_method method, str path)
{
    struct wire         q = {0}, again = {0};
    const struct route *r = NULL, *same = NULL;
    enum err            found = route_find(c, s, method, path, &q, &r);
    if (found != OK) {
        ASSERT(!r && q.param_n == 0);
        call_forgive(c);
        return;
    }
    ASSERT(r->method == method && q.param_n <= ROUTE_MAX_PARAMS);
    check_segments(q.path);
    for (size_t i = 0; i < q.param_n; i++)
        ASSERT(is_part(q.path, q.params[i].value) && str_eq(wire_param(&q, call_zstr(c, q.params[i].name)), q.params[i].value));
    ASSERT(route_find(c, s, method, escaped(c, q.path), &again, &same) == OK && same == r);
    ASSERT(str_eq(again.path, q.path) && again.param_n == q.param_n);
}

FUZZ(route)
{
    static const enum http_method METHODS[] = {HTTP_GET, HTTP_PUT, HTTP_POST, HTTP_DELETE, HTTP_OTHER};
    str                           path = fuzz_str(c, data, n);
    for (size_t i = 0; i < SERVICE_N; i++) check_service(c, SERVICES[i], METHODS[n % COUNT(METHODS)], path);
    return 0;
}
