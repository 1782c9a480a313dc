#include "rbac/deny.h"

static const struct deny_principal *find_one(const struct deny_principal *list, size_t n, const object_id *who, size_t who_n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < who_n; k++)
            if (object_id_eq(list[i].id, who[k])) return &list[i];
    return NULL;
}

const struct deny_principal *deny_means(const struct deny_assignment *d, const object_id *who, size_t who_n)
{
    const object_id              everyone = {GUID_NONE};
    const struct deny_principal *found = find_one(d->principals, d->principal_n, who, who_n);
    if (!found) found = find_one(d->principals, d->principal_n, &everyone, 1);
    return found && !find_one(d->excluded, d->excluded_n, who, who_n) ? found : NULL;
}

bool deny_reaches(const struct deny_assignment *d, str path, const str *above, size_t above_n)
{
    if (str_eq_nocase(d->scope, path)) return true;
    return !d->not_below && (scope_path_contains(d->scope, path) || str_index_nocase(above, above_n, d->scope) != STR_NOWHERE);
}
