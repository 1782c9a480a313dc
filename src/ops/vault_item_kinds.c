// The kinds of items that vaults hold, and what is done to all of them.
#include "ops/secrets.h"

const struct vault_item_kind *const VAULT_ITEM_KINDS[] = {&VAULT_ITEM_SECRET};
const size_t                        VAULT_ITEM_KIND_N = COUNT(VAULT_ITEM_KINDS);

enum err vault_items_purge_vault(struct call *c, struct work *w, guid vault_uid)
{
    for (size_t i = 0; i < VAULT_ITEM_KIND_N; i++) TRY(vault_item_purge_vault(c, w, VAULT_ITEM_KINDS[i], vault_uid));
    return OK;
}

enum err vault_items_purge_due(struct call *c, struct work *w, size_t limit, size_t *out_n)
{
    size_t purged = 0, n;
    for (size_t i = 0; i < VAULT_ITEM_KIND_N && purged < limit; i++) {
        TRY(vault_item_purge_due(c, w, VAULT_ITEM_KINDS[i], limit - purged, &n));
        purged += n;
    }
    *out_n = purged;
    return OK;
}
