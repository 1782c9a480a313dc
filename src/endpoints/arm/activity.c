// The activity log as Azure Monitor gives it: the newest first, in pages.
// Source: https://learn.microsoft.com/rest/api/monitor/activity-logs/list, .../tenant-activity-logs/list, .../event-categories/list
#include "endpoints/activity_form.h"
#include "endpoints/arm/arm.h"
#include "log/key.h"

#define PAGE_RECORDS 100               // of which each may be two events
#define PAGE_BYTES   ((size_t)1 << 20) // a page that has grown so far takes no more records
#define SELECT_MAX   32

struct events {
    const struct product  *product;
    str                    at; // the scope whose events are listed; "/": those of none
    struct activity_filter filter;
    str                    names[SELECT_MAX];
    size_t                 name_n;
    struct page            page;
    char                   last[LOG_KEY_BYTES]; // of page.last, which is only lent
    struct buf             items;
    struct json_writer     json;
};

// What belongs to the directory has a log of its own in the cloud; here it is with the product's: `lanyard logs activity`.
static bool is_of_tenant(const struct activity *a)
{
    return !str_starts_nocase(a->scope, S("/subscriptions/")) && !str_starts_nocase(a->scope, S("/providers/Microsoft.Management/")) &&
           !str_starts_nocase(a->action, S("microsoft.directory/"));
}

static bool is_here(const struct events *list, const struct activity *a)
{
    if (a->dropped) return false;
    return str_eq(list->at, S("/")) ? is_of_tenant(a) : scope_path_contains(list->at, str_empty(a->resource) ? a->scope : a->resource);
}

static const enum activity_event EVENTS[] = {ACTIVITY_END, ACTIVITY_ACCEPTED, ACTIVITY_BEGIN}; // the newest first

static bool is_wanted(const struct events *list, const struct activity *a, enum activity_event event)
{
    return activity_has(a, event) && activity_filter_passes(&list->filter, a, event);
}

// A record's documents are read into a call of its own, which goes with it: those of a page would fill the request's.
static enum err write_events(struct call *c, struct events *list, const struct activity *a)
{
    struct call scratch = {.now_ns = c->now_ns, .now_s = c->now_s};
    enum err    failed = OK;
    for (size_t i = 0; failed == OK && i < COUNT(EVENTS); i++)
        if (is_wanted(list, a, EVENTS[i]))
            failed = activity_form_write(&scratch, &list->json, list->product, a, EVENTS[i], list->names, list->name_n);
    call_clear(&scratch);
    return failed == OK ? OK : FAIL_PLAIN(c, failed);
}

static enum err see(struct call *c, const void *item, str key, bool *more, void *context)
{
    struct events         *list = context;
    const struct activity *a = item;
    bool                   passes = false;
    for (size_t i = 0; i < COUNT(EVENTS); i++) passes |= is_wanted(list, a, EVENTS[i]);
    if (page_takes(&list->page, key, passes && is_here(list, a))) TRY(write_events(c, list, a));
    if (buf_view(&list->items).n > PAGE_BYTES) list->page.room = 0;
    *more = !list->page.is_full;
    if (list->page.is_full) return OK;
    memcpy(list->last, key.at, key.n < sizeof list->last ? key.n : sizeof list->last);
    list->page.last = (str){list->last, sizeof list->last};
    return OK;
}

static enum err read_select(struct call *c, str text, struct events *out)
{
    for (str piece; str_cut(&text, ',', &piece);) {
        str name = activity_member_name(str_trim(piece));
        if (str_empty(name)) return FAIL(c, ERR_PARAMETER_INVALID, "$select names '%.*s', which no event has.", PSTR(call_printable(c, piece, 60)));
        if (out->name_n == SELECT_MAX) return FAIL(c, ERR_PARAMETER_INVALID, "$select names more than %d members.", SELECT_MAX);
        out->names[out->name_n++] = name;
    }
    return OK;
}

static enum err read_query(struct call *c, const struct wire *q, struct events *out)
{
    TRY(page_begin(c, q, PAGE_RECORDS, &out->page));
    TRY(read_select(c, wire_query(q, "$select"), out));
    TRY(activity_filter_read(c, wire_query(q, "$filter"), &out->filter));
    return out->filter.has_since ? OK : FAIL(c, ERR_FILTER_INVALID, "The $filter must say since when: eventTimestamp ge 2026-11-23T04:15:00Z.");
}

enum err arm_events_list(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    struct events *list;
    str            items, link;
    TRY(NEW(c, &list, 1));
    list->product = w->product;
    list->at = q->scope;
    TRY(read_query(c, q, list));
    buf_init(&list->items, &c->arena);
    json_begin(&list->json, &list->items);
    json_write_array(&list->json);
    // A record is written after its time: from there back nothing can pass.
    TRY(log_walk(c, w->store, &LOG_ACTIVITY, list->page.after, list->filter.since_ns, see, list));
    json_write_end(&list->json);
    TRY(buf_finish(c, &list->items, &items));
    struct json_writer *j = answer_json(a, 200);
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_raw(j, items);
    if (list->page.is_full) {
        TRY(page_link(c, q, &list->page, true, &link));
        json_put_string(j, S("nextLink"), link);
    }
    json_write_end(j);
    return OK;
}

enum err arm_event_categories(struct call *c, struct work *w, const struct wire *q, struct answer *a)
{
    static const str    NAMES[] = {S_INIT("Administrative"), S_INIT("Security"), S_INIT("ServiceHealth"), S_INIT("Alert"),
                                   S_INIT("Recommendation"), S_INIT("Policy"),   S_INIT("Autoscale"),     S_INIT("ResourceHealth")};
    struct json_writer *j = answer_json(a, 200);
    (void)c, (void)w, (void)q;
    json_write_object(j);
    json_write_key(j, S("value"));
    json_write_array(j);
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        json_write_object(j);
        json_put_string(j, S("value"), NAMES[i]);
        json_put_string(j, S("localizedValue"), NAMES[i]);
        json_write_end(j);
    }
    json_write_end(j);
    json_write_end(j);
    return OK;
}
