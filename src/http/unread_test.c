// Peers that ask and do not read: what they may cost the server, and what they may not take from others.
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test_http.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_MEASURED false // the sanitizers keep freed memory and add their own
#else
#define MEMORY_IS_MEASURED true
#endif

#define MIB       (1 << 20)
#define LARGE     10000000
#define GET_LARGE GET("/bytes/10000000")

static int64_t resident_bytes(void)
{
    char    text[200];
    int64_t pages = 0;
    FILE   *f = fopen("/proc/self/statm", "r");
    size_t  n = f ? fread(text, 1, sizeof text, f) : 0;
    str     rest = {text, n}, size, resident;
    if (!str_cut(&rest, ' ', &size) || !str_cut(&rest, ' ', &resident) || !str_to_i64(resident, &pages)) abort();
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

static void raise_descriptors(void)
{
    struct rlimit now;
    getrlimit(RLIMIT_NOFILE, &now);
    now.rlim_cur = now.rlim_max;
    setrlimit(RLIMIT_NOFILE, &now);
}

// Waits until the server has handled `n` requests: what they cost is spent by then.
static void wait_handled(struct test_http *s, int n)
{
    for (int i = 0; i < TEST_HTTP_TIMEOUT_S * 1000 && s->handled < n; i++) usleep(1000);
}

// Reads `n` bytes in small steps; how many came.
static size_t read_slowly(struct client *client, size_t n)
{
    char   piece[20000];
    size_t got = 0;
    for (ssize_t m = 1; got < n && m > 0; got += m > 0 ? (size_t)m : 0) {
        m = recv(client->fd, piece, n - got < sizeof piece ? n - got : sizeof piece, 0);
        usleep(100);
    }
    return got;
}

TEST(http_peers_that_do_not_read_cost_a_bounded_amount)
{
    enum { N = 300, BUDGET_MIB = 96 };
    static const struct test_http_options BOUNDED = {.settings = {.max_output_bytes = BUDGET_MIB << 20}};
    struct test_http                      s;
    struct client                       **idle = calloc(N, sizeof *idle);
    int64_t                               at_first, before, most = 0;
    if (!idle) abort();
    raise_descriptors();
    at_first = resident_bytes();
    test_http_start(t, &s, &BOUNDED);
    struct client *slow = client_new(t, s.port), *control = client_new(t, s.port);
    CHECK_INT(client_get(control, "/echo"), 200, "before");
    CHECK(client_send(slow, S(GET_LARGE)));
    size_t got = read_slowly(slow, 1 << 20); // more than the sockets hold by themselves
    before = resident_bytes();
    for (int i = 0; i < N; i++) {
        idle[i] = client_new(t, s.port);
        CHECK(client_send(idle[i], S(GET_LARGE GET_LARGE)));
        wait_handled(&s, i + 3);
        CHECK_INT(client_get(control, "/echo"), 200, "a peer that reads, meanwhile");
        s.handled--; // of the control's
        if (got < LARGE) got += read_slowly(slow, LARGE - got < 33000 ? LARGE - got : 33000);
        if (resident_bytes() > most) most = resident_bytes();
    }
    // The budget, the answer that is being made, the one that is being read slowly, and this test's own.
    if (MEMORY_IS_MEASURED) CHECK_AT_MOST((most - before) / MIB, BUDGET_MIB + 48, "MiB while nobody reads");
    CHECK_INT(got + read_slowly(slow, LARGE - got), LARGE, "bytes of the one that reads slowly");
    CHECK_INT(client_get(control, "/bytes/30000"), 200, "a peer that reads, afterwards");
    for (int i = 0; i < N; i++) client_free(idle[i]);
    free(idle);
    client_free(slow);
    client_free(control);
    test_http_end(&s, 1000);
    if (MEMORY_IS_MEASURED) CHECK_AT_MOST((resident_bytes() - at_first) / MIB, 16, "MiB that stay");
}

// Each asks once through a listener of its own; `reader` has taken nothing yet, and longer than all others.
TEST(http_peers_of_one_listener_do_not_push_out_those_of_another)
{
    enum { N = 30 };
    static const struct test_http_options BOUNDED = {.settings = {.max_output_bytes = 48 << 20}};
    struct test_http                      s;
    struct client                        *idle[N];
    uint16_t                              port;
    test_http_start(t, &s, &BOUNDED);
    struct http_listener *l = test_http_listen(&s, &port);
    struct client        *reader = client_new(t, port);
    CHECK(client_send(reader, S(GET_LARGE)));
    wait_handled(&s, 1);
    for (int i = 0; i < N; i++) {
        idle[i] = client_new(t, s.port);
        CHECK(client_send(idle[i], S(GET_LARGE)));
        wait_handled(&s, i + 2);
    }
    CHECK(read_slowly(reader, LARGE) == LARGE);
    CHECK(read_slowly(idle[N - 1], LARGE) == LARGE); // the newest of the others stays as well
    CHECK(read_slowly(idle[0], LARGE) < LARGE);
    for (int i = 0; i < N; i++) client_free(idle[i]);
    client_free(reader);
    http_unlisten(l);
    test_http_end(&s, 1000);
}
