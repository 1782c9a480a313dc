#include "template/function.h"

static const struct function_table *const TABLES[] = {
    &FUNCTIONS_VALUES, &FUNCTIONS_SCOPES, &FUNCTIONS_RESOURCES, &FUNCTIONS_TEXT,   &FUNCTIONS_CODING, &FUNCTIONS_NUMBERS,
    &FUNCTIONS_LOGIC,  &FUNCTIONS_COLLECTIONS, &FUNCTIONS_OBJECTS, &FUNCTIONS_LAMBDAS, &FUNCTIONS_DATES, &FUNCTIONS_CIDR, &FUNCTIONS_PROVIDERS,
};

static const struct function *find(str name)
{
    for (size_t i = 0; i < COUNT(TABLES); i++)
        for (size_t k = 0; k < TABLES[i]->n; k++)
            if (str_eq_nocase(str_of(TABLES[i]->rows[k].name), name)) return &TABLES[i]->rows[k];
    return NULL;
}

const struct function *function_find(str name)
{
    const struct function *found = find(name);
    return found || !str_starts_nocase(name, S("list")) ? found : find(S("list*"));
}
