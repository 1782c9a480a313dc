// A filter that is taken is taken by the advanced engine too and says the same there; in parentheses it says the same, behind "not" the contrary.
#include "endpoints/graph/filter.h"
#include "fuzz.h"

static const struct principal PEOPLE[] = {
    {.kind = PRINCIPAL_USER, .name = S_INIT("Anna"), .user_name = S_INIT("anna@lanyard.localhost"),
     .document = S_INIT("{\"mail\":\"a@example.com\",\"accountEnabled\":false,\"businessPhones\":[\"1\",\"2\"]}")},
    {.kind = PRINCIPAL_GROUP, .name = S_INIT("crew"), .document = S_INIT("{\"description\":\"it's\"}")},
    {.kind = PRINCIPAL_MANAGED, .name = S_INIT("vm1"), .resource = S_INIT("/subscriptions/s/resourceGroups/g/providers/A.B/c/vm1"), .app = {{{1}}}},
};

static bool says(struct call *c, const struct graph_filter *f, const struct principal *p)
{
    bool                allows = false;
    struct graph_object o = {.kind = p->kind, .id = p->id.g, .principal = p};
    ASSERT(graph_filter_allows(c, f, &o, &allows) == OK);
    return allows;
}

// The limits of depth and length may be met by what is put around it: then nothing is to be said.
static bool read_around(struct call *c, const char *before, str text, const struct graph_filter **out)
{
    str  around = call_format(c, "%s(%.*s)", before, PSTR(text));
    bool taken = graph_filter_read(c, around, GRAPH_ALL, true, out) == OK;
    call_forgive(c);
    return taken;
}

FUZZ(graph_filter)
{
    str                        in = fuzz_str(c, data, n);
    const struct graph_filter *plain, *advanced, *wrapped, *contrary;
    if (graph_filter_read(c, in, GRAPH_ALL, false, &plain) != OK) {
        ASSERT(c->failure.kind == ERR_FILTER_INVALID || c->failure.kind == ERR_QUERY_UNSUPPORTED);
        call_forgive(c);
        if (graph_filter_read(c, in, GRAPH_ALL, true, &plain) != OK) return 0;
    }
    ASSERT(in.n <= GRAPH_FILTER_MAX_BYTES);
    ASSERT(graph_filter_read(c, in, GRAPH_ALL, true, &advanced) == OK);
    bool has_wrapped = read_around(c, "", in, &wrapped), has_contrary = read_around(c, "not ", in, &contrary);
    for (size_t i = 0; i < COUNT(PEOPLE); i++) {
        bool answer = says(c, plain, &PEOPLE[i]);
        ASSERT(answer == says(c, advanced, &PEOPLE[i]));
        ASSERT(!has_wrapped || answer == says(c, wrapped, &PEOPLE[i]));
        ASSERT(!has_contrary || answer != says(c, contrary, &PEOPLE[i]));
    }
    return 0;
}
