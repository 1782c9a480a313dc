// A filter that is accepted keeps to its limits, is the same in any casing of its words and with blanks around it, and
// joined to itself either asks for the same or bounds a time twice.
#include "endpoints/activity_form.h"
#include "fuzz.h"

static const struct activity A = {.time_ns = 1700000000000000000,
                                  .event_ns = 1690000000000000000,
                                  .caller_name = S_INIT("ann@lanyard.localhost"),
                                  .action = S_INIT("Microsoft.Compute/virtualMachines/write"),
                                  .scope = S_INIT("/subscriptions/00000000-0000-0000-0000-000000000051/resourceGroups/shop"),
                                  .error = S_INIT("NOT_AUTHORIZED")};

FUZZ(activity_filter)
{
    struct activity_filter f, again;
    str                    text = fuzz_str(c, data, n);
    if (activity_filter_read(c, text, &f) != OK) return 0;
    ASSERT(text.n <= ACTIVITY_FILTER_MAX_BYTES && f.n <= ACTIVITY_FILTER_MAX_TERMS);
    bool begins = activity_filter_passes(&f, &A, ACTIVITY_BEGIN), ends = activity_filter_passes(&f, &A, ACTIVITY_END);
    str  wider = call_format(c, " %.*s ", PSTR(text));
    if (str_find(text, '\0') != STR_NOWHERE || wider.n > ACTIVITY_FILTER_MAX_BYTES) return 0;
    ASSERT(activity_filter_read(c, wider, &again) == OK);
    ASSERT(activity_filter_passes(&again, &A, ACTIVITY_BEGIN) == begins && activity_filter_passes(&again, &A, ACTIVITY_END) == ends);
    ASSERT(again.n == f.n && again.since_ns == f.since_ns && again.until_ns == f.until_ns);
    if (activity_filter_read(c, call_format(c, "%.*s AND %.*s", PSTR(text), PSTR(text)), &again) == OK)
        ASSERT(activity_filter_passes(&again, &A, ACTIVITY_BEGIN) == begins && activity_filter_passes(&again, &A, ACTIVITY_END) == ends);
    call_forgive(c);
    ASSERT(activity_filter_read(c, call_format(c, "%.*s and", PSTR(text)), &again) == ERR_FILTER_INVALID);
    call_forgive(c);
    return 0;
}
