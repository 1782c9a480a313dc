// Entity tags, and the conditions that a write may stand under: If-Match, If-None-Match.
// Source: https://github.com/Azure/azure-resource-manager-rpc/blob/master/v1.0/common-api-details.md, RFC 9110 section 13
#include "core/digest.h"
#include "endpoints/arm/arm.h"

#define TAG_BYTES 16 // of the digest: 128 bits tell any two states apart

// The tag is the representation's own digest: it changes with all that a reader can see, and with nothing else.
static enum err tag_of(struct call *c, str body, str *out)
{
    sha256     digest;
    struct buf b;
    TRY(digest_sha256(c, str_bytes(body), &digest));
    buf_init(&b, &c->arena);
    buf_add_char(&b, '"');
    for (size_t i = 0; i < TAG_BYTES; i++) buf_addf(&b, "%02x", digest.b[i]);
    buf_add_char(&b, '"');
    return buf_finish(c, &b, out);
}

enum err arm_tag_answer(struct call *c, struct answer *a)
{
    str tag;
    TRY(tag_of(c, buf_view(&a->body), &tag));
    answer_header(a, "ETag", tag);
    return OK;
}

static const struct route *find_reader(const struct wire *q)
{
    for (size_t i = 0; i < q->service->route_n; i++) {
        const struct route *r = &q->service->routes[i];
        if (r->method == HTTP_GET && strcmp(r->pattern, q->route->pattern) == 0) return r;
    }
    return NULL;
}

/*
 * What stands there now, as a GET would answer it; empty if there is nothing. The caller must be allowed to read it: a
 * condition on what one cannot read would tell of it.
 */
static enum err current_tag(struct call *c, struct work *w, const struct wire *q, struct answer *a, str *out)
{
    struct wire   reading = *q;
    struct answer trial = {.x = a->x, .body = {.arena = &c->arena}};
    size_t        head_n = a->x->response.head.n;
    reading.route = find_reader(q);
    reading.object = NULL;
    if (!reading.route) return FAIL(c, ERR_PARAMETER_INVALID, "A condition (If-Match, If-None-Match) cannot be put on this request.");
    enum err failed = permit_ask(c, w, &reading);
    if (failed == OK) failed = reading.route->handler(c, w, &reading, &trial);
    a->x->response.head.n = head_n;
    *out = STR_NONE;
    if (failed != OK && err_status(failed) == 404) {
        call_forgive(c);
        return OK;
    }
    TRY(failed);
    return tag_of(c, buf_view(&trial.body), out);
}

// "*" is any state; else a list of tags. One that is marked as weak is none that could be compared exactly.
static bool names(str list, str tag)
{
    if (str_eq(str_trim(list), S("*"))) return !str_empty(tag);
    for (str one; str_cut(&list, ',', &one);)
        if (!str_empty(tag) && str_eq(str_trim(one), tag)) return true;
    return false;
}

enum err arm_check_conditions(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    str  match = http_header(q->http, S("If-Match")), none_match = http_header(q->http, S("If-None-Match")), tag;
    bool writes = q->route->method == HTTP_PUT || q->route->method == HTTP_PATCH || q->route->method == HTTP_DELETE;
    if (!writes || (!match.at && !none_match.at)) return OK; // reads are answered in full
    TRY(current_tag(c, w, q, a, &tag));
    if (match.at && !names(match, tag))
        return FAIL(c, ERR_PRECONDITION, "The condition 'If-Match: %.*s' is not met: %s.", PSTR(call_printable(c, match, 128)),
                    str_empty(tag) ? "nothing is there" : "what is there has changed");
    if (none_match.at && names(none_match, tag))
        return FAIL(c, ERR_PRECONDITION, "The condition 'If-None-Match: %.*s' is not met: it is there already.",
                    PSTR(call_printable(c, none_match, 128)));
    return OK;
}
