// The records of the levels above resources: groups, subscriptions, management groups.
#include "core/record.h"
#include "resources/tree.h"

enum { GROUP_VERSION = 1, SUBSCRIPTION_VERSION = 2, MGMT_GROUP_VERSION = 1 };

static enum err check_version(struct call *c, const struct unpack *u, uint8_t known, const char *what)
{
    TRY(unpack_end(c, u));
    return u->version == known ? OK : FAIL(c, ERR_STORE_DAMAGED, "The record of a %s is of a form that this version does not know.", what);
}

enum err resource_group_new(struct call *c, const struct resource_group *plain, struct resource_group **out)
{
    static const size_t TEXTS[] = {offsetof(struct resource_group, id), offsetof(struct resource_group, name),
                                   offsetof(struct resource_group, location), offsetof(struct resource_group, document)};
    if (plain->id.n > SCOPE_MAX_BYTES) return FAIL(c, ERR_SCOPE_INVALID, "The id of a resource group has at most %d bytes.", SCOPE_MAX_BYTES);
    struct resource_group *g = record_new(plain, sizeof *plain, TEXTS, COUNT(TEXTS), 0, NULL);
    if (!g) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = g;
    return OK;
}

void resource_group_pack(struct buf *b, const struct resource_group *g)
{
    pack_begin(b, GROUP_VERSION);
    pack_str(b, g->id);
    pack_str(b, g->name);
    pack_str(b, g->location);
    pack_str(b, g->document);
}

enum err resource_group_unpack(struct call *c, bytes record, struct resource_group **out)
{
    struct unpack         u;
    struct resource_group g = {0};
    unpack_begin(&u, record);
    g.id = unpack_str(&u);
    g.name = unpack_str(&u);
    g.location = unpack_str(&u);
    g.document = unpack_str(&u);
    TRY(check_version(c, &u, GROUP_VERSION, "resource group"));
    return resource_group_new(c, &g, out);
}

enum err subscription_new(struct call *c, const struct subscription *plain, struct subscription **out)
{
    static const size_t  TEXTS[] = {offsetof(struct subscription, name), offsetof(struct subscription, mgmt_group),
                                    offsetof(struct subscription, document)};
    struct subscription *s = record_new(plain, sizeof *plain, TEXTS, COUNT(TEXTS), 0, NULL);
    if (!s) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = s;
    return OK;
}

void subscription_pack(struct buf *b, const struct subscription *s)
{
    pack_begin(b, SUBSCRIPTION_VERSION);
    pack_guid(b, s->id.g);
    pack_guid(b, s->tenant.g);
    pack_str(b, s->name);
    pack_str(b, s->mgmt_group);
    pack_str(b, s->document);
}

enum err subscription_unpack(struct call *c, bytes record, struct subscription **out)
{
    struct unpack       u;
    struct subscription s = {0};
    unpack_begin(&u, record);
    s.id.g = unpack_guid(&u);
    s.tenant.g = unpack_guid(&u);
    s.name = unpack_str(&u);
    s.mgmt_group = unpack_str(&u);
    if (u.version == 1) u.version = SUBSCRIPTION_VERSION; // without tags
    else s.document = unpack_str(&u);
    TRY(check_version(c, &u, SUBSCRIPTION_VERSION, "subscription"));
    return subscription_new(c, &s, out);
}

enum err mgmt_group_new(struct call *c, const struct mgmt_group *plain, struct mgmt_group **out)
{
    static const size_t TEXTS[] = {offsetof(struct mgmt_group, name), offsetof(struct mgmt_group, display_name), offsetof(struct mgmt_group, parent)};
    if (plain->name.n > TREE_MAX_MGMT_GROUP_NAME)
        return FAIL(c, ERR_NAME_INVALID, "The name of a management group has at most %d bytes.", TREE_MAX_MGMT_GROUP_NAME);
    struct mgmt_group *g = record_new(plain, sizeof *plain, TEXTS, COUNT(TEXTS), 0, NULL);
    if (!g) return FAIL_PLAIN(c, ERR_NO_MEMORY);
    *out = g;
    return OK;
}

void mgmt_group_pack(struct buf *b, const struct mgmt_group *g)
{
    pack_begin(b, MGMT_GROUP_VERSION);
    pack_str(b, g->name);
    pack_str(b, g->display_name);
    pack_str(b, g->parent);
}

enum err mgmt_group_unpack(struct call *c, bytes record, struct mgmt_group **out)
{
    struct unpack     u;
    struct mgmt_group g = {0};
    unpack_begin(&u, record);
    g.name = unpack_str(&u);
    g.display_name = unpack_str(&u);
    g.parent = unpack_str(&u);
    TRY(check_version(c, &u, MGMT_GROUP_VERSION, "management group"));
    return mgmt_group_new(c, &g, out);
}
