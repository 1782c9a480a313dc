// A filter that is accepted keeps to its limits, is the same in any casing of its words, and answers for any resource.
#include "endpoints/arm/arm.h"
#include "fuzz.h"

static const struct resource *resource(void)
{
    static const struct resource R = {.id = S_INIT("/subscriptions/00000000-0000-0000-0000-000000000051/resourceGroups/shop/providers/A.B/c/name"),
                                      .type = S_INIT("A.B/c"),
                                      .name = S_INIT("name"),
                                      .location = S_INIT("westus")};
    return &R;
}

FUZZ(arm_filter)
{
    static const struct resource NOTHING = {0};
    const struct arm_filter     *f, *again;
    const struct json           *tags;
    str                          text = fuzz_str(c, data, n);
    ASSERT(json_parse(c, S("{\"env\":\"prod\",\"owner\":\"\"}"), &tags) == OK);
    if (arm_filter_read(c, text, &f) != OK) return 0;
    bool allows = arm_filter_allows(f, resource(), tags);
    (void)arm_filter_allows(f, &NOTHING, NULL);
    // Blanks around it change nothing; what follows it does.
    str wider = call_format(c, " %.*s ", PSTR(text));
    if (str_find(text, '\0') == STR_NOWHERE && wider.n <= 2048) {
        ASSERT(arm_filter_read(c, wider, &again) == OK && arm_filter_allows(again, resource(), tags) == allows);
        ASSERT(arm_filter_read(c, call_format(c, "%.*s)", PSTR(text)), &again) == ERR_FILTER_INVALID);
        call_forgive(c);
        // "x or x" is x, as long as it is within the limits
        if (arm_filter_read(c, call_format(c, "%.*s or %.*s", PSTR(text), PSTR(text)), &again) == OK)
            ASSERT(arm_filter_allows(again, resource(), tags) == allows);
        call_forgive(c);
    }
    bool of_groups = arm_filter_read_tags(c, text, &again) == OK;
    if (of_groups) ASSERT(arm_filter_allows_tags(again, tags) == allows); // by tags alone: the resource does not count
    return 0;
}
