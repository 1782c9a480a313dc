#include "cli/environment.h"

#include "cli/sandbox/view.h"
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

TEST(environment_drops_names_of_sockets_that_are_not_shown)
{
    static const struct { const char *caller, *shown; bool kept; } CASES[] = {
        {"SSH_AUTH_SOCK=/tmp/ssh-x/agent.1", NULL, false},
        {"SSH_AUTH_SOCK=/tmp/ssh-x/agent.1", "/tmp/ssh-x/agent.1", true},
        {"SSH_AUTH_SOCK=/tmp/ssh-x/agent.1", "/tmp/ssh-x", true},
        {"SSH_AUTH_SOCK=/tmp/ssh-x/agent.1", "/run/docker.sock", false},
        {"SSH_AUTH_SOCK=/tmp/ssh-x/agent.1", "agent.1", false}, // relative: it may lead anywhere
        {"SSH_AUTH_SOCK=/tmp/ssh-x/agent.1", "/", false},
        {"TMUX=/tmp/tmux-1/default,7,0", NULL, false},
        {"DOCKER_HOST=unix:///run/docker.sock", "/run/docker.sock", true},
        {"DOCKER_HOST=tcp://127.0.0.1:2375", "/run/docker.sock", false},
        {"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1/bus", NULL, false},
        {"XDG_RUNTIME_DIR=/run/user/1", NULL, false},
        {"WAYLAND_DISPLAY=wayland-0", NULL, false},
        {"XDG_CONFIG_HOME=/home/me/.config", NULL, true}, // no socket
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const char        *caller[] = {"A=1", CASES[i].caller, "Z=1", NULL};
        struct view_place  shown = {CASES[i].shown, VIEW_SOCKET};
        struct environment e;
        CHECK_OK(environment_begin(t->call, caller, ENVIRONMENT_ALONE, &e));
        environment_drop_sockets(&e, &shown, CASES[i].shown != NULL);
        CHECK_INT(e.n, CASES[i].kept ? 3 : 2, CASES[i].caller);
        CHECK_STR(str_of(environment_get(&e, "Z")), S("1"), CASES[i].caller);
        CHECK(e.at[e.n] == NULL);
    }
}
