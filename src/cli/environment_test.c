#include "cli/environment.h"
#include "test.h"

// Each row: the caller's environment, and what of it the workload sees.
TEST(environment_drops_what_would_misdirect_an_sdk)
{
    static const struct { const char *caller[4]; const char *left[3]; } CASES[] = {
        {{"PATH=/bin", "HOME=/root"}, {"PATH=/bin", "HOME=/root"}},
        {{"AZURE_CLIENT_SECRET=s", "PATH=/bin"}, {"PATH=/bin"}},
        {{"AZURE_CLIENT_ID=one", "PATH=/bin"}, {"AZURE_CLIENT_ID=one", "PATH=/bin"}}, // picks a user-assigned identity
        {{"AZURE_CLIENT_ID=one", "AZURE_CLIENT_SECRET=s"}, {NULL}},
        {{"AZURE_FEDERATED_TOKEN_FILE=/t", "AZURE_CLIENT_ID=one"}, {NULL}},
        {{"AZURE_STORAGE_ACCOUNT=shop", "AZURE_TENANT_ID=t"}, {"AZURE_STORAGE_ACCOUNT=shop"}}, // the program's own setting
        {{"https_proxy=http://p", "HTTPS_PROXY=http://p", "No_Proxy=*"}, {NULL}},
        {{"IDENTITY_ENDPOINT=http://x", "IDENTITY_HEADER=", "MSI_ENDPOINT=http://x"}, {NULL}},
        {{"AZURE_POD_IDENTITY_AUTHORITY_HOST=http://x", "IMDS_ENDPOINT=http://x"}, {NULL}},
        {{"SSL_CERT_DIR=/etc/ssl/certs", "HOSTALIASES=/tmp/h", "RES_OPTIONS=use-vc"}, {NULL}},
        {{"identity_endpoint=lower case is another name", "NOT_A_PAIR"}, {"identity_endpoint=lower case is another name", "NOT_A_PAIR"}},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct environment e;
        size_t             n = 0;
        CHECK_OK(environment_begin(t->call, CASES[i].caller, ENVIRONMENT_ALONE, &e));
        while (n < COUNT(CASES[i].left) && CASES[i].left[n]) n++;
        CHECK_INT(e.n, n, CASES[i].caller[0]);
        for (size_t k = 0; k < n && k < e.n; k++) CHECK_STR(str_of(e.at[k]), str_of(CASES[i].left[k]), CASES[i].caller[0]);
        CHECK(e.at[e.n] == NULL);
    }
}

TEST(environment_sets_and_replaces)
{
    const char        *caller[] = {"A=1", "SSL_CERT_FILE=/else", NULL};
    struct environment e;
    CHECK_OK(environment_begin(t->call, caller, ENVIRONMENT_ALONE, &e));
    CHECK_OK(environment_set(&e, "A", "2"));
    for (int i = 0; i < 100; i++) CHECK_OK(environment_set(&e, call_format(t->call, "V%d", i).at, "x"));
    CHECK_OK(environment_trust(&e, "/data/ca.pem"));
    CHECK_STR(str_of(environment_get(&e, "A")), S("2"), "replaced");
    CHECK_STR(str_of(environment_get(&e, "V99")), S("x"), "added");
    CHECK_STR(str_of(environment_get(&e, "SSL_CERT_FILE")), S("/data/ca.pem"), "the CA");
    CHECK(environment_get(&e, "NONE") == NULL);
    CHECK(e.at[e.n] == NULL);
    CHECK_ERR(environment_set(&e, "A=B", "x"), ERR_USAGE, "an equals sign");
    CHECK_ERR(environment_set(&e, "", "x"), ERR_USAGE, "no name");
}

TEST(environment_on_the_host_keeps_proxies_from_this_machine)
{
    const char        *with[] = {"https_proxy=http://p", "no_proxy=.corp", NULL}, *without[] = {"PATH=/bin", NULL};
    struct environment e;
    CHECK_OK(environment_begin(t->call, with, ENVIRONMENT_ON_HOST, &e));
    CHECK_STR(str_of(environment_get(&e, "https_proxy")), S("http://p"), "kept");
    CHECK_STR(str_of(environment_get(&e, "no_proxy")), S(".corp,127.0.0.1,localhost"), "lower case");
    CHECK_STR(str_of(environment_get(&e, "NO_PROXY")), S(".corp,127.0.0.1,localhost"), "upper case");
    CHECK_OK(environment_begin(t->call, without, ENVIRONMENT_ON_HOST, &e));
    CHECK_INT(e.n, 1, "no proxy, nothing to spare");
}
