#include "rbac/attributes.h"

enum err rbac_attributes_copy(struct call *c, const struct rbac_attributes *from, const struct rbac_attributes **out)
{
    struct rbac_attributes *copy;
    struct rbac_attribute  *items;
    *out = NULL;
    if (!from) return OK;
    TRY(NEW(c, &copy, 1));
    TRY(NEW(c, &items, from->n + 1));
    for (size_t i = 0; i < from->n; i++) {
        str *values;
        items[i] = from->items[i];
        TRY(call_copy_str(c, from->items[i].name, &items[i].name));
        TRY(NEW(c, &values, from->items[i].value_n + 1));
        for (size_t v = 0; v < from->items[i].value_n; v++) TRY(call_copy_str(c, from->items[i].values[v], &values[v]));
        items[i].values = values;
    }
    *copy = (struct rbac_attributes){.items = items, .n = from->n};
    TRY(call_copy_str(c, from->suboperation, &copy->suboperation));
    *out = copy;
    return OK;
}
