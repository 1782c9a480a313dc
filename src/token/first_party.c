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
