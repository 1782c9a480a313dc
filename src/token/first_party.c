#include "token/first_party.h"

static const struct { str app, name; } CLIENTS[] = {
    {S_INIT("04b07795-8ddb-461a-bbee-02f9e1bf7b46"), S_INIT("Microsoft Azure CLI")}, // azd and the SDKs' developer sign-in too
    {S_INIT("1950a258-227b-4e31-a9cf-717495945fc2"), S_INIT("Microsoft Azure PowerShell")},
    {S_INIT("aebc6443-996d-45c2-90f0-388ff96faa56"), S_INIT("Visual Studio Code")},
    {S_INIT("04f0c124-f2bc-4f59-8241-bf6df9866bbd"), S_INIT("Visual Studio")},
};

str first_party_name(client_id app)
{
    guid known;
    for (size_t i = 0; i < COUNT(CLIENTS); i++)
        if (guid_parse(CLIENTS[i].app, &known) && guid_eq(known, app.g)) return CLIENTS[i].name;
    return STR_NONE;
}

// ---- services ----

#define BYTES_OF(n, shift) (uint8_t)((uint64_t)(n) >> (shift))
#define ID(a, b, c, d, e)                                                                                                                      \
    {                                                                                                                                          \
        {                                                                                                                                      \
            BYTES_OF(a, 24), BYTES_OF(a, 16), BYTES_OF(a, 8), BYTES_OF(a, 0), BYTES_OF(b, 8), BYTES_OF(b, 0), BYTES_OF(c, 8), BYTES_OF(c, 0),  \
                BYTES_OF(d, 8), BYTES_OF(d, 0), BYTES_OF(e, 40), BYTES_OF(e, 32), BYTES_OF(e, 24), BYTES_OF(e, 16), BYTES_OF(e, 8), BYTES_OF(e, 0) \
        }                                                                                                                                      \
    }
#define ROLE(id_, value_, name_, description_) \
    {.id = id_, .value = S_INIT(value_), .name = S_INIT(name_), .description = S_INIT(description_), .for_apps = true, .is_enabled = true}

static const struct app_role ROLES[] = {
    ROLE(ID(0xdf021288, 0xbdef, 0x4463, 0x88db, 0x98f22de89214), GRAPH_USER_READ, "Read all users' full profiles", "Allows the app to read user profiles without a signed in user."),
    ROLE(ID(0x5b567255, 0x7703, 0x4780, 0x807c, 0x7be8301ae99b), GRAPH_GROUP_READ, "Read all groups", "Allows the app to read group properties and memberships for all groups, without a signed-in user."),
    ROLE(ID(0x98830695, 0x27a2, 0x44f7, 0x8c18, 0x0c3ebc9698f6), GRAPH_MEMBER_READ, "Read all group memberships", "Allows the app to read memberships and basic group properties for all groups without a signed-in user."),
    ROLE(ID(0x9a5d68dd, 0x52b0, 0x4cc2, 0xbd40, 0xabcf44ac3a30), GRAPH_APPLICATION_READ, "Read all applications", "Allows the app to read all applications and service principals without a signed-in user."),
    ROLE(ID(0x7ab1d382, 0xf21e, 0x4acd, 0xa863, 0xba3e13f7da61), GRAPH_DIRECTORY_READ, "Read directory data", "Allows the app to read data in your organization's directory, such as users, groups and apps, without a signed-in user."),
    ROLE(ID(0xb0afded3, 0x3588, 0x46d8, 0x8b3d, 0x9842eff778da), GRAPH_LOG_READ, "Read all audit log data", "Allows the app to read and query your audit log activities, without a signed-in user."),
};

#define GRAPH_APP ID(0x00000003, 0x0000, 0x0000, 0xc000, 0x000000000000)

static const str GRAPH_URIS[] = {S_INIT("https://graph.microsoft.com")};

static const struct application GRAPH = {
    .id = {GRAPH_APP},
    .app = {GRAPH_APP},
    .name = S_INIT("Microsoft Graph"),
    .uris = GRAPH_URIS,
    .uri_n = COUNT(GRAPH_URIS),
    .roles = ROLES,
    .role_n = COUNT(ROLES),
    .token_version = 1,
};

const struct application *first_party_application(client_id app)
{
    return client_id_eq(app, GRAPH.app) ? &GRAPH : NULL;
}

client_id first_party_graph(void)
{
    return GRAPH.app;
}

bool first_party_put(struct directory *d)
{
    static const struct principal PLAIN = {
        .id = {ID(0x6b0d4c1e, 0x93a7, 0x4f52, 0xb8d1, 0x2e7f50c9a364)},
        .kind = PRINCIPAL_APP,
        .app = {GRAPH_APP},
        .name = S_INIT("Microsoft Graph"),
    };
    struct call       scratch = {0};
    struct principal *made = NULL;
    bool              is_put = principal_new(&scratch, &PLAIN, &made) == OK && directory_put(d, made);
    if (made) ref_drop(&made->ref);
    arena_clear(&scratch.arena);
    return is_put;
}
