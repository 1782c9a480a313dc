// The sign-in log, as published: the newest first, in pages.
// Source: https://learn.microsoft.com/graph/api/signin-list, https://learn.microsoft.com/graph/api/signin-get
#include "endpoints/graph/graph.h"
#include "endpoints/signin_form.h"
#include "log/key.h"
#include "ops/groups_members.h"

#define PAGE_ITEMS 1000 /* the published size of a page: unless $top says less, and at most */

struct signin_page {
    const struct product      *product;
    const struct graph_filter *filter; // NULL: all
    bool                       names_types;
    struct graph_select        select;
    struct page                page;
    char                       last[LOG_KEY_BYTES]; // of page.last, which is only lent
    struct buf                 items;
    struct json_writer         json;
};

// Unless the filter says which sign-ins are wanted, the list is of the interactive ones of users: as published.
static enum err passes(const struct call *c, const struct signin_page *list, const struct signin *s, bool *out)
{
    struct call scratch = {.now_ns = c->now_ns, .now_s = c->now_s}; // a filter looks at many, and few stay
    *out = !s->dropped && (list->names_types || s->type == SIGNIN_USER);
    if (!*out || !list->filter) return OK;
    enum err failed = graph_filter_holds(&scratch, list->filter, &SIGNIN_DOMAIN, &(struct signin_item){list->product, s}, out);
    arena_clear(&scratch.arena);
    return failed;
}

static enum err write_one(struct call *c, struct signin_page *list, const struct signin *s)
{
    json_write_object(&list->json);
    TRY(signin_write(c, &list->json, list->product, s, list->select.names, list->select.n));
    json_write_end(&list->json);
    return OK;
}

static enum err see(struct call *c, const void *item, str key, bool *more, void *context)
{
    struct signin_page *list = context;
    bool                belongs;
    enum err            failed = passes(c, list, item, &belongs);
    if (failed != OK) return FAIL_PLAIN(c, failed);
    if (page_takes(&list->page, key, belongs)) TRY(write_one(c, list, item));
    *more = !list->page.is_full;
    if (list->page.is_full) return OK;
    memcpy(list->last, key.at, key.n < sizeof list->last ? key.n : sizeof list->last);
    list->page.last = (str){list->last, sizeof list->last};
    return OK;
}

static enum err check_options(struct call *c, const struct wire *q)
{
    str order = wire_query(q, "$orderby");
    TRY(graph_refuse_options(c, q, S("$orderby")));
    if (str_empty(order) || str_eq_nocase(order, S("createdDateTime desc"))) return OK; // so they come anyway
    return FAIL(c, ERR_QUERY_UNSUPPORTED, "Sign-ins are given with the newest first, in no other order.");
}

static enum err read_query(struct call *c, const struct wire *q, struct signin_page *out)
{
    str    filter = wire_query(q, "$filter");
    size_t room;
    TRY(check_options(c, q));
    TRY(graph_read_top(c, q, PAGE_ITEMS, PAGE_ITEMS, &room));
    TRY(page_begin(c, q, room, &out->page));
    TRY(graph_select_parse(c, wire_query(q, "$select"), signin_member_name, 0, &out->select));
    if (!filter.at) return OK;
    TRY(graph_filter_parse(c, filter, &SIGNIN_DOMAIN, &out->filter));
    out->names_types = graph_filter_names(out->filter, S("signInEventTypes"));
    return OK;
}

static enum err answer_page(struct call *c, const struct wire *q, struct answer *a, struct signin_page *list)
{
    str items, link;
    json_write_end(&list->json);
    TRY(buf_finish(c, &list->items, &items));
    struct json_writer *j = graph_begin(c, q, a, 200, call_format(c, "auditLogs/signIns%.*s", PSTR(list->select.text)));
    if (list->page.is_full) {
        TRY(page_link(c, q, &list->page, true, &link));
        json_put_string(j, S("@odata.nextLink"), link);
    }
    json_write_key(j, S("value"));
    json_write_raw(j, items);
    json_write_end(j);
    return OK;
}

enum err graph_signins_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct signin_page *list;
    int64_t             since_ns = 0;
    TRY(NEW(c, &list, 1));
    list->product = w->product;
    TRY(read_query(c, q, list));
    buf_init(&list->items, &c->arena);
    json_begin(&list->json, &list->items);
    json_write_array(&list->json);
    // A record is written after its time: from there back nothing can pass.
    bool is_bounded = list->filter && graph_filter_since(list->filter, S("createdDateTime"), &since_ns);
    TRY(log_walk(c, w->store, &LOG_SIGNIN, list->page.after, is_bounded ? since_ns : 0, see, list));
    return answer_page(c, q, a, list);
}

enum err graph_signin_get(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    str                 id = wire_param(q, "id");
    object_id           parsed;
    struct signin       found;
    struct graph_select select;
    TRY(graph_refuse_options(c, q, STR_NONE));
    TRY(graph_read_id(c, id, &parsed));
    TRY(graph_select_parse(c, wire_query(q, "$select"), signin_member_name, 0, &select));
    enum err failed = log_find(c, w->store, &LOG_SIGNIN, parsed.g, &found);
    if (failed == ERR_NOT_FOUND || (failed == OK && found.dropped)) {
        call_forgive(c);
        return directory_absent(c, guid_str(c, parsed.g));
    }
    TRY(failed);
    struct json_writer *j = graph_begin(c, q, a, 200, call_format(c, "auditLogs/signIns%.*s/$entity", PSTR(select.text)));
    TRY(signin_write(c, j, w->product, &found, select.names, select.n));
    json_write_end(j);
    return OK;
}
