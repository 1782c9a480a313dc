// Handing listeners over: what a launcher may say, and what is served for it while it lives. (T5)
#include "endpoints/sandbox/sandbox.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test_server.h"
#include "lanyard/admin.h"

#define ASKS(resource)    "{\"version\":1,\"resource\":\"" resource "\",\"sandbox\":true}"
#define ON_HOST(resource) "{\"version\":1,\"resource\":\"" resource "\",\"sandbox\":false}"
#define SERVE             "{\"serve\":true}"
#define WAIT_TIMEOUT_MS   10000
#define SOCKETS_MAX       20

struct place {
    struct test_server server;
    struct sandbox    *sandbox;
    const char        *data_dir;
};

static void place_start(struct test *t, struct place *p)
{
    test_server_start(t, &p->server, NULL);
    p->data_dir = test_dir(t);
    p->server.product.data_dir = str_of(p->data_dir);
    struct sandbox_settings settings = {
        .product = &p->server.product, .loops = p->server.loops, .http = p->server.http, .router = &p->server.router, .ca_pem = S("THE CA\n")};
    CHECK_OK(sandbox_start(t->call, &settings, &p->sandbox));
}

static void place_end(struct place *p)
{
    net_loops_stop(p->server.loops, 1000);
    if (p->server.serving) pthread_join(p->server.thread, NULL);
    p->server.serving = false;
    sandbox_stop(p->sandbox);
    test_server_end(&p->server);
}

static int dial(const struct place *p)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int                fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s/sandbox.sock", p->data_dir);
    return connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ? fd : -1;
}

static void say(int fd, str text, const int *sockets, size_t n)
{
    union {
        struct cmsghdr head;
        char           room[CMSG_SPACE(sizeof(int) * SOCKETS_MAX)];
    } control = {0};
    struct iovec  part = {.iov_base = (char *)text.at, .iov_len = text.n};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (n) {
        control.head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int) * n)};
        m.msg_control = control.room;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * n);
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), sockets, sizeof(int) * n);
    }
    (void)!sendmsg(fd, &m, MSG_NOSIGNAL);
}

// The next answer; empty when the connection ends, "?" when nothing comes.
static str hear(struct test *t, int fd)
{
    static char   room[65536];
    struct pollfd comes = {.fd = fd, .events = POLLIN};
    str           copy = S("?");
    if (poll(&comes, 1, WAIT_TIMEOUT_MS) != 1) return copy;
    ssize_t n = recv(fd, room, sizeof room, 0);
    if (n < 0) n = recv(fd, room, sizeof room, 0); // a reset is told once, the last words come after
    return n > 0 && call_copy_str(t->call, (str){room, (size_t)n}, &copy) == OK ? copy : S("");
}

static int open_socket(int type, uint32_t address, uint16_t *out_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    socklen_t          n = sizeof at;
    int                fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || (type == SOCK_STREAM && listen(fd, 8) != 0)) return -1;
    if (out_port && getsockname(fd, (struct sockaddr *)&at, &n) == 0) *out_port = ntohs(at.sin_port);
    return fd;
}

// Letters for sockets: t a listening stream, u datagrams, c a stream that does not listen, w one for the whole network.
static size_t open_sockets(const char *kinds, int out[SOCKETS_MAX])
{
    size_t n = 0;
    for (; kinds[n]; n++) {
        if (kinds[n] == 't') out[n] = open_socket(SOCK_STREAM, INADDR_LOOPBACK, NULL);
        if (kinds[n] == 'u') out[n] = open_socket(SOCK_DGRAM, INADDR_LOOPBACK, NULL);
        if (kinds[n] == 'w') out[n] = open_socket(SOCK_STREAM, INADDR_ANY, NULL);
        if (kinds[n] == 'c') out[n] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }
    return n;
}

static void close_all(const int *sockets, size_t n)
{
    for (size_t i = 0; i < n; i++) close(sockets[i]);
}

TEST(sandbox_refuses_what_a_launcher_may_not_say)
{
    // Each row: the first message, the second with its sockets, and a part of the refusal that ends the connection.
    static const struct { const char *first, *second, *sockets, *refusal; } CASES[] = {
        {"not JSON", NULL, "", "Line 1"},
        {"[]", NULL, "", "different versions"},
        {"{}", NULL, "", "different versions"},
        {"{\"version\":2,\"resource\":\"system\"}", NULL, "", "different versions"},
        {"{\"version\":\"1\"}", NULL, "", "different versions"},
        {"{\"version\":1,\"version\":1}", NULL, "", "duplicate"},
        {SERVE, NULL, "", "different versions"},
        {ASKS("nobody"), NULL, "", "no resource called nobody"},
        {ASKS(TEST_SERVER_MACHINES "nobody"), NULL, "", "no resource"},
        {ASKS("/subscriptions"), NULL, "", ""},
        {ASKS("id1"), NULL, "", "no resource called id1"}, // an identity: nothing runs as it
        {ON_HOST(""), NULL, "", "needs a resource"},
        {ASKS("system"), SERVE, "", "3 sockets were to be handed over, and 0 came"},
        {ASKS("system"), SERVE, "tt", "and 2 came"},
        {ASKS("system"), SERVE, "ttut", "and 4 came"},
        {ASKS("system"), "{\"serve\":false}", "ttu", "to be handed over"},
        {ASKS("system"), "{}", "ttu", "to be handed over"},
        {ASKS("system"), ASKS("both"), "ttu", "to be handed over"}, // no second thoughts about who it is
        {ASKS("system"), SERVE, "utt", "The socket for imds is not of its kind"},
        {ASKS("system"), SERVE, "tcu", "The socket for https is not of its kind"},
        {ASKS("system"), SERVE, "ttt", "The socket for dns is not of its kind"},
        {ON_HOST("system"), SERVE, "w", "The socket for imds is not of its kind"},
        {ON_HOST("system"), SERVE, "u", "The socket for imds is not of its kind"},
        {ASKS(""), SERVE, "ttu", "2 sockets were to be handed over, and 3 came"},
    };
    struct place p;
    place_start(t, &p);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        int    sockets[SOCKETS_MAX], fd = dial(&p);
        size_t n = open_sockets(CASES[i].sockets, sockets);
        str    row = call_format(t->call, "%s %s %s", CASES[i].first, CASES[i].second ? CASES[i].second : "", CASES[i].sockets);
        say(fd, str_of(CASES[i].first), NULL, 0);
        if (CASES[i].second) {
            CHECK_ROW(str_starts(hear(t, fd), S("{\"ok\":true")), row.at);
            say(fd, str_of(CASES[i].second), sockets, n);
        }
        str said = hear(t, fd);
        CHECK_ROW(str_starts(said, S("{\"ok\":false,\"error\":\"")) && str_contains_nocase(said, str_of(CASES[i].refusal)), row.at);
        CHECK_STR(hear(t, fd), S(""), row.at);
        close_all(sockets, n);
        close(fd);
    }
    place_end(&p);
}

TEST(sandbox_ends_connections_that_say_too_much)
{
    static char  long_[70000];
    struct place p;
    int          sockets[SOCKETS_MAX], fd;
    place_start(t, &p);
    memset(long_, ' ', sizeof long_);

    fd = dial(&p);
    say(fd, (str){long_, sizeof long_}, NULL, 0);
    CHECK_STR(hear(t, fd), S(""), "a message that is too long");
    close(fd);

    fd = dial(&p);
    size_t n = open_sockets("ttttttttttttttttttt", sockets);
    say(fd, S(ASKS("system")), sockets, n);
    CHECK_STR(hear(t, fd), S(""), "more sockets than there is room for");
    close_all(sockets, n);
    close(fd);

    fd = dial(&p);
    n = open_sockets("ttu", sockets);
    say(fd, S(ASKS("system")), NULL, 0);
    CHECK(str_starts(hear(t, fd), S("{\"ok\":true")));
    say(fd, S(SERVE), sockets, n);
    CHECK(str_starts(hear(t, fd), S("{\"ok\":true")));
    say(fd, S("{}"), NULL, 0);
    CHECK(str_starts(hear(t, fd), S("{\"ok\":false")));
    CHECK_STR(hear(t, fd), S(""), "a third message");
    close_all(sockets, n);
    close(fd);

    fd = dial(&p); // one who says nothing at all does not disturb the end
    place_end(&p);
    CHECK_STR(hear(t, fd), S(""), "the server's end is the launcher's");
    close(fd);
}

static int port_answers(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int                answers = connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    close(fd);
    return answers;
}

static bool goes_quiet(uint16_t port)
{
    for (int i = 0; i < WAIT_TIMEOUT_MS / 10; i++) {
        if (!port_answers(port)) return true;
        usleep(10000);
    }
    return false;
}

#define TOKEN                                                                                                                               \
    "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net HTTP/1.1\r\nHost: 127.0.0.1\r\nMetadata: " \
    "true\r\n\r\n"

// Through the installed library, as the launcher does it.
TEST(sandbox_serves_a_workload_while_its_launcher_lives)
{
    struct place                   p;
    struct lanyard_workload       *w = NULL;
    const struct lanyard_listener *l;
    const struct lanyard_variable *v;
    struct lanyard_error           why;
    uint16_t                       port = 0;
    place_start(t, &p);
    CHECK(lanyard_workload_open(p.data_dir, "system", NULL, true, &w, &why) == LANYARD_OK);
    CHECK_STR(str_of(lanyard_workload_resource(w)), S(TEST_SERVER_MACHINES "system"), "the id");
    CHECK_STR(str_of(lanyard_workload_ca_pem(w)), S("THE CA\n"), "the authority");
    CHECK_INT(lanyard_workload_listeners(w, &l), 3, "listeners");
    CHECK(str_eq(str_of(l[0].name), S("imds")) && str_eq(str_of(l[0].address), S("169.254.169.254")) && l[0].port == 80);
    CHECK(str_eq(str_of(l[1].name), S("https")) && l[1].port == 443 && str_eq(str_of(l[1].transport), S("tcp")));
    CHECK(str_eq(str_of(l[2].name), S("dns")) && l[2].port == 53 && str_eq(str_of(l[2].transport), S("udp")));

    int sockets[3] = {open_socket(SOCK_STREAM, INADDR_LOOPBACK, &port), open_socket(SOCK_STREAM, INADDR_LOOPBACK, NULL),
                      open_socket(SOCK_DGRAM, INADDR_LOOPBACK, NULL)};
    CHECK(lanyard_workload_serve(w, sockets, 2, &why) == LANYARD_INVALID);
    CHECK(lanyard_workload_serve(w, sockets, 3, &why) == LANYARD_OK);
    CHECK_INT(lanyard_workload_environment(w, &v), 0, "in a sandbox nobody needs to be told");
    close_all(sockets, 3);

    struct reply r = test_server_ask(&p.server, port, S(TOKEN));
    CHECK_INT(r.status, 200, "a token");
    CHECK_STR(json_get_str(r.json, S("client_id")), str_of(TEST_SERVER_IDENTITIES[TEST_SERVER_SYSTEM_OF_SYSTEM].client), "whose");
    lanyard_workload_close(w);
    CHECK(goes_quiet(port));
    place_end(&p);
}

#define INSTANCE "GET /metadata/instance?api-version=2021-02-01 HTTP/1.1\r\nHost: 127.0.0.1\r\nMetadata: true\r\n\r\n"

static uint16_t serve_on_host(struct test *t, const struct place *p, const char *machine, struct lanyard_workload **out)
{
    uint16_t port = 0;
    int      fd = open_socket(SOCK_STREAM, INADDR_LOOPBACK, &port);
    CHECK(lanyard_workload_open(p->data_dir, machine, NULL, false, out, NULL) == LANYARD_OK);
    CHECK(lanyard_workload_serve(*out, &fd, 1, NULL) == LANYARD_OK);
    close(fd);
    return port;
}

// A program keeps its listener when its machine is deleted. The machine that is made later under that id is another one.
TEST(sandbox_serves_the_machine_that_was_and_no_later_one)
{
    struct place             p;
    struct lanyard_workload *first = NULL, *second = NULL, *other = NULL;
    place_start(t, &p);
    uint16_t before = serve_on_host(t, &p, "system", &first), untouched = serve_on_host(t, &p, "both", &other);
    CHECK_INT(test_server_ask(&p.server, before, S(TOKEN)).status, 200, "while the machine is there");
    CHECK_INT(test_server_ask(&p.server, before, S(INSTANCE)).status, 200, "its document");
    test_server_remake(&p.server, "system");
    CHECK_INT(test_server_ask(&p.server, before, S(TOKEN)).status, 400, "a token, after another one was made");
    CHECK_INT(test_server_ask(&p.server, before, S(INSTANCE)).status, 404, "its document");
    CHECK_INT(test_server_ask(&p.server, untouched, S(TOKEN)).status, 200, "another machine");
    uint16_t after = serve_on_host(t, &p, "system", &second);
    CHECK_INT(test_server_ask(&p.server, after, S(TOKEN)).status, 200, "who runs as the new one");
    lanyard_workload_close(first), lanyard_workload_close(second), lanyard_workload_close(other);
    place_end(&p);
}

TEST(sandbox_serves_on_the_host_and_says_where)
{
    struct place                   p;
    struct lanyard_workload       *w = NULL;
    const struct lanyard_listener *l;
    const struct lanyard_variable *v;
    struct lanyard_error           why;
    uint16_t                       port = 0;
    place_start(t, &p);
    CHECK(lanyard_workload_open(p.data_dir, TEST_SERVER_MACHINES "BOTH", NULL, false, &w, &why) == LANYARD_OK);
    CHECK_INT(lanyard_workload_listeners(w, &l), 1, "listeners");
    CHECK(str_eq(str_of(l[0].address), S("127.0.0.1")) && l[0].port == 0);
    int fd = open_socket(SOCK_STREAM, INADDR_LOOPBACK, &port);
    CHECK(lanyard_workload_serve(w, &fd, 1, &why) == LANYARD_OK);
    close(fd);
    CHECK_INT(lanyard_workload_environment(w, &v), 1, "variables");
    CHECK_STR(str_of(v[0].name), S("AZURE_POD_IDENTITY_AUTHORITY_HOST"), "its name");
    CHECK_STR(str_of(v[0].value), call_format(t->call, "http://127.0.0.1:%u", port), "its value");
    struct reply r = test_server_ask(&p.server, port, S(TOKEN));
    CHECK_STR(json_get_str(r.json, S("client_id")), str_of(TEST_SERVER_IDENTITIES[TEST_SERVER_SYSTEM_OF_BOTH].client), "whose");
    place_end(&p); // the server goes first
    CHECK(goes_quiet(port));
    lanyard_workload_close(w);
}

TEST(lanyard_workload_open_says_why_not)
{
    static const struct { const char *resource; bool sandboxed; enum lanyard_result want; const char *text; } CASES[] = {
        {"nobody", true, LANYARD_REFUSED, "no resource called nobody"},
        {"", false, LANYARD_REFUSED, "needs a resource"},
        {"bad\xff utf-8", true, LANYARD_REFUSED, "no resource called bad"},
    };
    struct place             p;
    struct lanyard_workload *w = NULL;
    struct lanyard_error     why;
    place_start(t, &p);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        CHECK_INT(lanyard_workload_open(p.data_dir, CASES[i].resource, NULL, CASES[i].sandboxed, &w, &why), CASES[i].want, CASES[i].resource);
        CHECK_ROW(str_contains_nocase(str_of(why.text), str_of(CASES[i].text)), why.text);
        CHECK(w == NULL);
    }
    CHECK_INT(lanyard_workload_open("/nonexistent", "system", NULL, true, &w, NULL), LANYARD_NO_SERVER, "no directory");
    CHECK_INT(lanyard_workload_open("", "system", NULL, true, &w, NULL), LANYARD_INVALID, "no name");
    place_end(&p);
    CHECK_INT(lanyard_workload_open(p.data_dir, "system", NULL, true, &w, &why), LANYARD_NO_SERVER, "a server that is gone");
    CHECK(str_contains_nocase(str_of(why.text), S("start one with `lanyard up`")));
    lanyard_workload_close(NULL);
}
