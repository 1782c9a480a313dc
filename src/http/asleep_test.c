// What is answered later, what comes and goes while the server runs, and how it ends.
#include <semaphore.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/socket.h"
#include "test_http.h"

static const struct test_http_options PLAIN = {.settings = {.server_name = S_INIT("lanyard")}};
static const struct test_http_options TWO_LOOPS = {.net = {.loops = 2}};

TEST(http_answers_come_late_from_another_thread)
{
    struct test_http s;
    struct client   *client[20];
    test_http_start(t, &s, &TWO_LOOPS);
    for (size_t i = 0; i < COUNT(client); i++) {
        client[i] = client_new(t, s.port);
        CHECK(client_sendf(client[i], "POST /late?%zu HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab" GET("/echo?next"), i));
    }
    test_http_wait_late(&s, COUNT(client));
    struct client *other = client_new(t, s.port);
    CHECK_INT(client_get(other, "/echo"), 200, "the loops serve meanwhile");
    client_free(other);
    test_http_release(&s, COUNT(client));
    for (size_t i = 0; i < COUNT(client); i++) {
        client_expect(client[i], 200, call_format(t->call, "POST /late?%zu ab", i), "late");
        client_expect(client[i], 200, S("GET /echo?next "), "what waited behind it");
        client_free(client[i]);
    }
    test_http_end(&s, 1000);
}

TEST(http_late_answers_to_nobody_are_dropped)
{
    struct test_http s;
    test_http_start(t, &s, &TWO_LOOPS);
    for (int i = 0; i < 20; i++) {
        struct client *client = client_new(t, s.port);
        // With more behind it, and without; gone in peace, and by a reset.
        CHECK(client_sendf(client, "POST /late HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab%s", i % 2 ? GET("/echo") "GET /h" : ""));
        test_http_wait_late(&s, (size_t)i + 1);
        if (i % 4 < 2) client_free(client);
        else client_reset(client);
    }
    test_http_release(&s, 20);
    struct client *client = client_new(t, s.port);
    CHECK_INT(client_get(client, "/soon"), 200, "the server is well");
    client_free(client);
    test_http_end(&s, 1000);
}

TEST(http_many_threads_answer_at_once)
{
    struct test_http s;
    struct client   *client[16];
    test_http_start(t, &s, &TWO_LOOPS);
    for (size_t i = 0; i < COUNT(client); i++) client[i] = client_new(t, s.port);
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < COUNT(client); i++) CHECK(client_sendf(client[i], "GET /soon?%d HTTP/1.1\r\nHost: localhost\r\n\r\n", round));
        for (size_t i = 0; i < COUNT(client); i++) client_expect(client[i], 200, call_format(t->call, "GET /soon?%d ", round), "soon");
    }
    for (size_t i = 0; i < COUNT(client); i++) client_free(client[i]);
    test_http_end(&s, 1000);
}

TEST(http_unlisten_closes_also_what_is_asleep)
{
    struct test_http s;
    uint16_t         port;
    test_http_start(t, &s, &TWO_LOOPS);
    struct http_listener *l = test_http_listen(&s, &port);
    struct client        *asleep = client_new(t, port), *idle = client_new(t, port), *stays = client_new(t, s.port);
    CHECK(client_send(asleep, S(GET("/late"))));
    CHECK_INT(client_get(idle, "/echo"), 200, "idle");
    CHECK_INT(client_get(stays, "/echo"), 200, "stays");
    test_http_wait_late(&s, 1);
    http_unlisten(l);
    CHECK(client_sees_end(asleep));
    CHECK(client_sees_end(idle));
    CHECK_INT(client_get(stays, "/echo"), 200, "the other listener's");
    CHECK_INT(s.contexts_freed, 0, "an exchange is still out");
    test_http_release(&s, 1);
    for (int i = 0; i < TEST_HTTP_TIMEOUT_S * 1000 && !s.contexts_freed; i++) usleep(1000);
    CHECK_INT(s.contexts_freed, 1, "after its http_reply");
    client_free(asleep);
    client_free(idle);
    client_free(stays);
    test_http_end(&s, 1000);
    CHECK_INT(s.contexts_freed, 2, "both");
}

struct churn {
    struct test_http *s;
    bool              failed;
};

static void *come_and_go(void *context)
{
    struct churn     *churn = context;
    struct test_http *s = churn->s;
    for (int i = 0; i < 20; i++) {
        uint16_t              port;
        struct http_listener *l = test_http_listen(s, &port);
        struct client        *client = client_new(s->t, port);
        if (client_get(client, i % 2 ? "/echo" : "/soon") != 200) churn->failed = true;
        http_unlisten(l);
        if (!client_sees_end(client)) churn->failed = true;
        client_free(client);
    }
    return NULL;
}

TEST(http_listeners_come_and_go_while_it_serves)
{
    struct test_http s;
    pthread_t        threads[4];
    struct churn     churns[COUNT(threads)] = {{0}};
    test_http_start(t, &s, &TWO_LOOPS);
    for (size_t i = 0; i < COUNT(threads); i++) {
        churns[i].s = &s;
        if (pthread_create(&threads[i], NULL, come_and_go, &churns[i]) != 0) abort();
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        CHECK(!churns[i].failed);
    }
    test_http_end(&s, 1000);
    CHECK_INT(s.contexts_freed, 81, "contexts");
}

TEST(http_stop_lets_answers_out)
{
    struct test_http s;
    test_http_start(t, &s, &TWO_LOOPS);
    struct client *asleep = client_new(t, s.port), *idle = client_new(t, s.port), *half = client_new(t, s.port), *silent = client_new(t, s.port);
    str            head = STR_NONE, body = STR_NONE;
    CHECK_INT(client_get(idle, "/echo"), 200, "idle");
    CHECK(client_send(half, S("POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")));
    CHECK_INT(client_read(half, false, &head, &body), 100, "half a request has come");
    CHECK(client_send(asleep, S(GET("/late") GET("/echo?behind"))));
    test_http_wait_late(&s, 1);
    net_loops_stop(s.loops, TEST_HTTP_TIMEOUT_S * 1000);
    CHECK(client_sees_end(idle));
    CHECK(client_sees_end(silent));
    CHECK(client_send(half, S("abc")));
    CHECK_INT(client_read(half, false, &head, &body), 200, "half a request is read to its end");
    CHECK(str_find_str(head, S("Connection: close")) != STR_NOWHERE);
    test_http_release(&s, 1);
    CHECK_INT(client_read(asleep, false, &head, &body), 200, "late");
    CHECK(str_find_str(head, S("Connection: close")) != STR_NOWHERE);
    CHECK(client_sees_end(asleep));
    client_free(asleep);
    client_free(idle);
    client_free(half);
    client_free(silent);
    int64_t before = test_http_now_ms(CLOCK_MONOTONIC);
    test_http_end(&s, TEST_HTTP_TIMEOUT_S * 1000);
    CHECK(test_http_now_ms(CLOCK_MONOTONIC) - before < TEST_HTTP_TIMEOUT_S * 500);
    CHECK_INT(s.handled, 3, "requests");
}

TEST(http_stop_waits_no_longer_than_its_grace)
{
    struct test_http s;
    test_http_start(t, &s, &PLAIN);
    struct client *client = client_new(t, s.port);
    CHECK(client_send(client, S(GET("/late"))));
    test_http_wait_late(&s, 1);
    test_http_stop(&s, 50);
    CHECK(client_sees_end(client));
    client_free(client);
    test_http_end(&s, 0); // http_reply comes when nobody serves any more
}

TEST(http_stop_before_it_runs)
{
    struct net_loops   *loops;
    struct http_server *server;
    CHECK_OK(net_loops_new(t->call, &TWO_LOOPS.net, &loops));
    CHECK_OK(http_server_new(t->call, loops, &TWO_LOOPS.settings, &server));
    net_loops_stop(loops, 0);
    CHECK_OK(net_loops_run(t->call, loops));
    http_server_free(server);
    net_loops_free(loops);
    CHECK_OK(net_loops_new(t->call, &PLAIN.net, &loops));
    CHECK_OK(http_server_new(t->call, loops, &PLAIN.settings, &server));
    http_server_free(server); // never ran
    net_loops_free(loops);
}

TEST(http_all_loops_serve)
{
    struct test_http s;
    int              seen[2] = {0};
    test_http_start(t, &s, &TWO_LOOPS);
    for (int i = 0; i < 2000 && !(seen[0] && seen[1]); i++) {
        struct client *client = client_new(t, s.port);
        str            head, body;
        CHECK(client_send(client, S(GET("/loop"))));
        CHECK_INT(client_read(client, false, &head, &body), 200, "loop");
        if (body.n == 1 && body.at[0] <= '1') seen[body.at[0] - '0']++;
        client_free(client);
    }
    CHECK(seen[0] && seen[1]);
    test_http_end(&s, 1000);
}

struct last_words {
    struct net_task  task;
    struct net_loop *to;
    int              heard;
};

static void hear(struct net_task *task)
{
    CONTAINER_OF(task, struct last_words, task)->heard++;
}

static void say(void *context)
{
    struct last_words *w = context;
    net_post(w->to, &w->task);
}

static void remember_loop(struct http_exchange *x, void *context)
{
    struct last_words *w = context;
    w->to = x->loop;
    x->response.status = 204;
    http_reply(x);
}

TEST(http_what_ends_with_the_server_may_still_post)
{
    struct test_http              s;
    struct last_words             w = {.task.run = hear};
    struct http_listener_settings settings = {.handler = remember_loop, .context = &w, .context_free = say};
    struct http_listener         *l;
    uint16_t                      port;
    test_http_start(t, &s, &TWO_LOOPS);
    CHECK_OK(net_open_tcp(t->call, S("127.0.0.1"), 0, &settings.fd, &port));
    CHECK_OK(http_listen(t->call, s.server, &settings, &l));
    struct client *client = client_new(t, port);
    CHECK_INT(client_get(client, "/"), 204, "remembers its loop");
    client_free(client);
    test_http_end(&s, 1000);
    CHECK_INT(w.heard, 1, "tasks");
}
