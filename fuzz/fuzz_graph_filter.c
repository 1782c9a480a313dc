// A filter that is taken is taken by the advanced engine too and says the same there; in parentheses it says the same, behind "not" the contrary.
#include "endpoints/graph/filter.h"
#include "endpoints/signin_form.h"
#include "fuzz.h"

static const struct principal PEOPLE[] = {
    {.kind = PRINCIPAL_USER, .name = S_INIT("Anna"), .user_name = S_INIT("anna@lanyard.localhost"),
     .document = S_INIT("{\"mail\":\"a@example.com\",\"accountEnabled\":false,\"businessPhones\":[\"1\",\"2\"]}")},
    {.kind = PRINCIPAL_GROUP, .name = S_INIT("crew"), .document = S_INIT("{\"description\":\"it's\"}")},
    {.kind = PRINCIPAL_MANAGED, .name = S_INIT("vm1"), .resource = S_INIT("/subscriptions/s/resourceGroups/g/providers/A.B/c/vm1"), .app = {{{1}}}},
};
static const struct product PRODUCT = {.tenant.g.b = {1}};
static const struct signin  SIGNINS[] = {
    {.time_ns = NS_PER_S, .type = SIGNIN_MANAGED_IDENTITY, .name = S_INIT("web"), .host = S_INIT("/vm"), .app = {{{1}}}},
    {.time_ns = 2 * NS_PER_S, .type = SIGNIN_USER, .error_code = 50126, .reason = S_INIT("No."), .name = S_INIT("ann")},
};

// A kind of items, as the filter sees them.
struct items {
    struct graph_domain domain;
    const void         *at[4];
    size_t              n;
};

static bool says(struct call *c, const struct items *items, const struct graph_filter *f, size_t i)
{
    bool holds = false;
    ASSERT(graph_filter_holds(c, f, &items->domain, items->at[i], &holds) == OK);
    return holds;
}

// The limits of depth and length may be met by what is put around it: then nothing is to be said.
static bool read_around(struct call *c, const struct graph_domain *d, const char *before, str text, const struct graph_filter **out)
{
    str  around = call_format(c, "%s(%.*s)", before, PSTR(text));
    bool taken = graph_filter_parse(c, around, d, out) == OK;
    call_forgive(c);
    return taken;
}

static void check(struct call *c, const struct items *items, str in)
{
    struct graph_domain        plain_engine = items->domain, engine = items->domain;
    const struct graph_filter *plain, *advanced, *wrapped, *contrary;
    plain_engine.is_advanced = false;
    engine.is_advanced = true;
    if (graph_filter_parse(c, in, &plain_engine, &plain) != OK) {
        ASSERT(c->failure.kind == ERR_FILTER_INVALID || c->failure.kind == ERR_QUERY_UNSUPPORTED);
        call_forgive(c);
        bool is_taken = graph_filter_parse(c, in, &engine, &plain) == OK;
        call_forgive(c);
        if (!is_taken) return;
    }
    ASSERT(in.n <= GRAPH_FILTER_MAX_BYTES);
    ASSERT(graph_filter_parse(c, in, &engine, &advanced) == OK);
    bool has_wrapped = read_around(c, &engine, "", in, &wrapped), has_contrary = read_around(c, &engine, "not ", in, &contrary);
    for (size_t i = 0; i < items->n; i++) {
        bool answer = says(c, items, plain, i);
        ASSERT(answer == says(c, items, advanced, i));
        ASSERT(!has_wrapped || answer == says(c, items, wrapped, i));
        ASSERT(!has_contrary || answer != says(c, items, contrary, i));
    }
}

// What a filter demands of the time, whoever passes keeps to.
static void check_since(struct call *c, const struct items *items, str in)
{
    const struct graph_filter *f;
    int64_t                    since_ns;
    bool                       is_taken = graph_filter_parse(c, in, &items->domain, &f) == OK;
    call_forgive(c);
    if (!is_taken || !graph_filter_since(f, S("createdDateTime"), &since_ns)) return;
    for (size_t i = 0; i < items->n; i++)
        if (says(c, items, f, i)) ASSERT(((const struct signin_item *)items->at[i])->signin->time_ns >= since_ns);
}

FUZZ(graph_filter)
{
    str                      in = fuzz_str(c, data, n);
    const struct signin_item first = {&PRODUCT, &SIGNINS[0]}, second = {&PRODUCT, &SIGNINS[1]};
    struct graph_object      objects[COUNT(PEOPLE)];
    for (size_t i = 0; i < COUNT(PEOPLE); i++)
        objects[i] = (struct graph_object){.kind = PEOPLE[i].kind, .id = PEOPLE[i].id.g, .principal = &PEOPLE[i]};
    const struct items people = {graph_domain_of(GRAPH_ALL, true), {&objects[0], &objects[1], &objects[2]}, 3};
    const struct items signins = {SIGNIN_DOMAIN, {&first, &second}, 2};
    check(c, &people, in);
    check(c, &signins, in);
    check_since(c, &signins, in);
    return 0;
}
