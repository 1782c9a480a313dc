// Loops without any HTTP: tasks, timers, watches, and a protocol of three functions.
#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/socket.h"
#include "net/stream.h"
#include "test.h"

#define LOOPS 2

struct rig {
    struct test      *t;
    struct net_loops *loops;
    pthread_t         thread;
    enum err          result;
};

static void *serve(void *context)
{
    struct rig *rig = context;
    struct call c;
    call_init(&c, NULL, NULL);
    rig->result = net_loops_run(&c, rig->loops);
    call_clear(&c);
    return NULL;
}

static void rig_start(struct test *t, struct rig *rig)
{
    *rig = (struct rig){.t = t};
    CHECK_OK(net_loops_new(t->call, &(struct net_settings){.loops = LOOPS}, &rig->loops));
    CHECK(pthread_create(&rig->thread, NULL, serve, rig) == 0);
}

static void rig_stop(struct rig *rig)
{
    struct test *t = rig->t;
    net_loops_stop(rig->loops, 1000);
    pthread_join(rig->thread, NULL);
    CHECK_INT(rig->result, OK, "net_loops_run");
}

static void rig_end(struct rig *rig)
{
    rig_stop(rig);
    net_loops_free(rig->loops);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval     most = {.tv_sec = 20};
    int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) != 0) return -1;
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) return fd;
    close(fd);
    return -1;
}

struct posted {
    struct net_task task;
    pthread_t       on;
    sem_t           done;
};

static void run_posted(struct net_task *task)
{
    struct posted *p = CONTAINER_OF(task, struct posted, task);
    p->on = pthread_self();
    sem_post(&p->done);
}

struct waits {
    struct posted p;
    pthread_t     on[LOOPS];
    atomic_int    n[LOOPS];
};

static void note_wait(unsigned loop, void *context)
{
    struct waits *w = context;
    w->on[loop] = pthread_self();
    atomic_fetch_add(&w->n[loop], 1);
}

// What one turn kept for the next request is let go of before the loop sleeps.
TEST(net_loops_say_that_they_are_about_to_wait)
{
    struct waits w = {.p.task.run = run_posted};
    struct rig   rig = {.t = t};
    sem_init(&w.p.done, 0, 0);
    CHECK_OK(net_loops_new(t->call, &(struct net_settings){.loops = LOOPS, .before_wait = note_wait, .context = &w}, &rig.loops));
    CHECK(pthread_create(&rig.thread, NULL, serve, &rig) == 0);
    for (unsigned i = 0; i < LOOPS; i++) {
        int before = atomic_load(&w.n[i]);
        net_post(net_loops_at(rig.loops, i), &w.p.task);
        sem_wait(&w.p.done);
        for (int k = 0; k < 20000 && atomic_load(&w.n[i]) == before; k++) usleep(1000);
        CHECK(atomic_load(&w.n[i]) > before);
        CHECK(pthread_equal(w.on[i], w.p.on));
    }
    rig_end(&rig);
    sem_destroy(&w.p.done);
}

TEST(net_tasks_run_on_the_loop_they_were_posted_to)
{
    struct rig    rig;
    struct posted p[LOOPS] = {{.task.run = run_posted}, {.task.run = run_posted}};
    rig_start(t, &rig);
    for (unsigned i = 0; i < LOOPS; i++) {
        sem_init(&p[i].done, 0, 0);
        CHECK_INT(net_loop_index(net_loops_at(rig.loops, i)), i, "index");
        net_post(net_loops_at(rig.loops, i), &p[i].task);
        sem_wait(&p[i].done);
    }
    CHECK(pthread_equal(p[0].on, rig.thread));
    CHECK(!pthread_equal(p[1].on, rig.thread) && !pthread_equal(p[1].on, pthread_self()));
    rig_end(&rig);
    for (unsigned i = 0; i < LOOPS; i++) sem_destroy(&p[i].done);
}

static void work_a_while(struct net_task *task)
{
    struct timespec now, from;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    do clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((now.tv_sec - from.tv_sec) * NS_PER_S + now.tv_nsec - from.tv_nsec < 30 * NS_PER_MS);
    run_posted(task);
}

TEST(net_the_longest_turn_is_measured_when_asked)
{
    for (int measures = 0; measures < 2; measures++) {
        struct rig    rig = {.t = t};
        struct posted quick = {.task.run = run_posted}, slow = {.task.run = work_a_while};
        sem_init(&quick.done, 0, 0);
        sem_init(&slow.done, 0, 0);
        CHECK_OK(net_loops_new(t->call, &(struct net_settings){.loops = LOOPS, .measures_turns = measures}, &rig.loops));
        CHECK(pthread_create(&rig.thread, NULL, serve, &rig) == 0);
        net_post(net_loops_at(rig.loops, 1), &quick.task);
        sem_wait(&quick.done);
        CHECK(net_loops_longest_turn_ns(rig.loops) < 30 * NS_PER_MS);
        net_post(net_loops_at(rig.loops, 1), &slow.task);
        sem_wait(&slow.done);
        rig_stop(&rig);
        CHECK_INT(net_loops_longest_turn_ns(rig.loops) >= 30 * NS_PER_MS, measures, "the slow one counts");
        net_loops_free(rig.loops);
        sem_destroy(&quick.done);
        sem_destroy(&slow.done);
    }
}

struct watched {
    struct net_watch *watch;
    int               got;
    sem_t             ready, gone;
};

static void read_watched(int fd, void *context)
{
    struct watched *w = context;
    char            byte;
    if (recv(fd, &byte, 1, 0) == 1) w->got += byte;
    sem_post(&w->ready);
}

static void watch_gone(void *context)
{
    struct watched *w = context;
    sem_post(&w->gone);
}

TEST(net_loops_watch_descriptors)
{
    struct rig     rig;
    struct watched w = {0};
    int            pair[2];
    char           byte;
    sem_init(&w.ready, 0, 0);
    sem_init(&w.gone, 0, 0);
    rig_start(t, &rig);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    CHECK_OK(net_watch_new(t->call, rig.loops, pair[0], read_watched, &w, &w.watch));
    for (byte = 1; byte <= 3; byte++) {
        CHECK(send(pair[1], &byte, 1, 0) == 1);
        sem_wait(&w.ready);
    }
    CHECK_INT(w.got, 6, "bytes");
    net_watch_close(w.watch, watch_gone);
    sem_wait(&w.gone);
    CHECK(recv(pair[1], &byte, 1, 0) == 0);
    close(pair[1]);
    CHECK_ERR(net_watch_new(t->call, rig.loops, -1, read_watched, &w, &w.watch), ERR_IO, "no descriptor");
    rig_end(&rig);
    sem_destroy(&w.ready);
    sem_destroy(&w.gone);
}

struct timed {
    struct net_task   begin;
    struct net_loop  *loop;
    struct net_timer *first, *second, *never;
    char              order[8];
    size_t            n;
    sem_t             done;
};

static void run_first(void *context)
{
    struct timed *w = context;
    w->order[w->n++] = '1';
    net_timer_stop(w->never);
    if (w->n < 3) net_timer_start(w->first, 1);
}

static void run_second(void *context)
{
    struct timed *w = context;
    w->order[w->n++] = '2';
    net_timer_free(w->first);
    net_timer_free(w->second);
    net_timer_free(w->never);
    sem_post(&w->done);
}

static void run_never(void *context)
{
    struct timed *w = context;
    w->order[w->n++] = '!';
}

static void begin_timers(struct net_task *task)
{
    struct timed *w = CONTAINER_OF(task, struct timed, begin);
    struct call   c;
    call_init(&c, NULL, NULL);
    if (net_timer_new(&c, w->loop, run_first, w, &w->first) == OK && net_timer_new(&c, w->loop, run_second, w, &w->second) == OK &&
        net_timer_new(&c, w->loop, run_never, w, &w->never) == OK) {
        net_timer_start(w->never, 20);
        net_timer_start(w->second, 100);
        net_timer_start(w->first, 5000);
        net_timer_start(w->first, 1); // instead
    }
    call_clear(&c);
}

TEST(net_timers_run_in_order_once_and_not_when_stopped)
{
    struct rig   rig;
    struct timed w = {.begin.run = begin_timers};
    sem_init(&w.done, 0, 0);
    rig_start(t, &rig);
    w.loop = net_loops_at(rig.loops, 1);
    net_post(w.loop, &w.begin);
    sem_wait(&w.done);
    rig_end(&rig);
    CHECK_STR(str_of(w.order), S("1112"), "order");
    sem_destroy(&w.done);
}

// A protocol that sends back what comes, and closes who is silent for long.
struct parrot {
    struct net_waiting talks[LOOPS];
    atomic_int         opened, closed, expired, freed;
};

static struct net_waiting *talks_of(struct net_stream *s)
{
    struct parrot *p = net_listener_context(s->listener);
    return &p->talks[net_loop_index(s->loop)];
}

static void parrot_opened(struct net_stream *s)
{
    struct parrot *p = net_listener_context(s->listener);
    p->opened++;
    net_waiting_enter(talks_of(s), s);
    net_stream_watch(s, UV_READABLE);
}

static void parrot_ready(struct net_stream *s, int events)
{
    char      text[100];
    ptrdiff_t n = events < 0 ? NET_BROKEN : net_stream_read(s, text, sizeof text);
    if (n == NET_AGAIN) return;
    if (n <= 0 || net_stream_write(s, (str){text, (size_t)n}, S("!")) != n + 1) net_stream_close(s);
    else net_waiting_enter(talks_of(s), s);
}

static void parrot_expired(struct net_stream *s)
{
    struct parrot *p = net_listener_context(s->listener);
    p->expired++;
    net_stream_close(s);
}

static void parrot_closing(struct net_stream *s)
{
    struct parrot *p = net_listener_context(s->listener);
    p->closed++;
}

static bool parrot_is_idle(const struct net_stream *s)
{
    (void)s;
    return true;
}

static const struct net_protocol PARROT = {
    .stream_bytes = sizeof(struct net_stream),
    .opened = parrot_opened,
    .ready = parrot_ready,
    .expired = parrot_expired,
    .closing = parrot_closing,
    .is_idle = parrot_is_idle,
};

static void parrot_freed(void *context)
{
    struct parrot *p = context;
    p->freed++;
}

TEST(net_listeners_serve_any_protocol)
{
    struct net_loops            *loops;
    struct net_listener         *l;
    struct parrot                p = {0};
    struct net_listener_settings settings = {.protocol = &PARROT, .context = &p, .context_free = parrot_freed};
    struct rig                   rig = {.t = t};
    uint16_t                     port;
    char                         answer[16] = "";
    CHECK_OK(net_loops_new(t->call, &(struct net_settings){.loops = LOOPS}, &loops));
    for (unsigned i = 0; i < LOOPS; i++) net_waiting_init(&p.talks[i], net_loops_at(loops, i), 100, 0);
    rig.loops = loops;
    CHECK(pthread_create(&rig.thread, NULL, serve, &rig) == 0);
    CHECK_OK(net_open_tcp(t->call, S("127.0.0.1"), 0, &settings.fd, &port));
    CHECK_OK(net_listen(t->call, loops, &settings, &l));
    int first = connect_to(port), second = connect_to(port);
    CHECK(send(first, "hello", 5, 0) == 5 && recv(first, answer, 6, MSG_WAITALL) == 6);
    CHECK_STR(str_of(answer), S("hello!"), "answer");
    CHECK(recv(first, answer, 1, 0) == 0); // it was silent for too long
    CHECK(recv(second, answer, 1, 0) == 0);
    close(first);
    close(second);
    int third = connect_to(port);
    CHECK(send(third, "x", 1, 0) == 1 && recv(third, answer, 2, MSG_WAITALL) == 2);
    net_unlisten(l);
    CHECK(recv(third, answer, 1, 0) == 0);
    close(third);
    net_loops_stop(loops, 1000);
    pthread_join(rig.thread, NULL);
    net_loops_empty(loops);
    for (unsigned i = 0; i < LOOPS; i++) net_waiting_clear(&p.talks[i]);
    net_loops_free(loops);
    CHECK_INT(p.expired, 2, "expired");
    CHECK_INT(p.opened, 3, "opened");
    CHECK_INT(p.closed, 3, "closed");
    CHECK_INT(p.freed, 1, "contexts");
}

struct taker {
    atomic_int taken;
};

static void take(int fd, void *context)
{
    struct taker *taker = context;
    taker->taken++;
    close(fd);
}

static int64_t cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

TEST(net_a_taker_of_sockets_waits_for_descriptors)
{
    struct rig                   rig;
    struct taker                 taker = {0};
    struct net_listener_settings settings = {.taken = take, .context = &taker};
    struct net_listener         *l;
    struct rlimit                before, few;
    uint16_t                     port;
    rig_start(t, &rig);
    CHECK_OK(net_open_tcp(t->call, S("127.0.0.1"), 0, &settings.fd, &port));
    CHECK_OK(net_listen(t->call, rig.loops, &settings, &l));
    int spare = dup(0);
    close(spare);
    getrlimit(RLIMIT_NOFILE, &before);
    few = (struct rlimit){.rlim_cur = (rlim_t)spare + 1, .rlim_max = before.rlim_max};
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    int     fd = connect_to(port); // takes the last one
    int64_t cpu = cpu_ms();
    usleep(300000);
    CHECK_INT(taker.taken, 0, "without a descriptor");
    CHECK(cpu_ms() - cpu < 150); // it does not try again and again
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    char byte;
    CHECK(recv(fd, &byte, 1, 0) == 0);
    CHECK_INT(taker.taken, 1, "with one");
    close(fd);
    rig_end(&rig);
}
