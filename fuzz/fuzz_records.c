// A record that is read is written so that it reads the same; anything else is refused, whatever the bytes. The first byte picks the kind.
#include "directory/applications.h"
#include "directory/directory.h"
#include "directory/owners.h"
#include "fuzz.h"
#include "resources/tree.h"

#define READ_TWICE(type, unpack, pack)                                         \
    static void check_##type(struct call *c, bytes in)                         \
    {                                                                          \
        struct type *first, *second;                                           \
        struct buf   b, again;                                                 \
        if (unpack(c, in, &first) != OK) return;                               \
        buf_init(&b, &c->arena);                                               \
        pack(&b, first);                                                       \
        ASSERT(unpack(c, str_bytes(buf_view(&b)), &second) == OK);             \
        buf_init(&again, &c->arena);                                           \
        pack(&again, second);                                                  \
        ASSERT(str_eq(buf_view(&b), buf_view(&again)));                        \
        ref_drop(&first->ref);                                                 \
        ref_drop(&second->ref);                                                \
    }

READ_TWICE(principal, principal_unpack, principal_pack)
READ_TWICE(membership, membership_unpack, membership_pack)
READ_TWICE(revocation, revocation_unpack, revocation_pack)
READ_TWICE(application, application_unpack, application_pack)
READ_TWICE(app_assignment, app_assignment_unpack, app_assignment_pack)
READ_TWICE(password, password_unpack, password_pack)
READ_TWICE(ownership, ownership_unpack, ownership_pack)
READ_TWICE(resource, resource_unpack, resource_pack)
READ_TWICE(resource_group, resource_group_unpack, resource_group_pack)
READ_TWICE(subscription, subscription_unpack, subscription_pack)
READ_TWICE(mgmt_group, mgmt_group_unpack, mgmt_group_pack)
READ_TWICE(lock, lock_unpack, lock_pack)

FUZZ(records)
{
    static void (*const CHECKS[])(struct call * c, bytes in) = {
        check_principal,  check_membership,  check_resource,       check_resource_group, check_subscription, check_mgmt_group,
        check_revocation, check_application, check_app_assignment, check_password,       check_lock,         check_ownership,
    };
    str in = fuzz_str(c, data, n);
    if (in.n) CHECKS[(uint8_t)in.at[0] % COUNT(CHECKS)](c, str_bytes(str_from(in, 1)));
    return 0;
}
