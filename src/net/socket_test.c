#include "net/socket.h"

#include <sys/stat.h>
#include <unistd.h>

#include "net/stream.h"
#include "test.h"

TEST(net_sockets_say_why_they_cannot_be_opened)
{
    int         fd = -1, other = -1;
    uint16_t    port = 0;
    struct stat st;
    str         path = call_format(t->call, "%s/socket", test_dir(t)), file = call_format(t->call, "%s/file", test_dir(t));
    str         long_path = {arena_alloc(&t->call->arena, 200), 200};
    memset((char *)long_path.at, 'a', 200);

    CHECK_OK(net_open_tcp(t->call, S("127.0.0.1"), 0, &fd, &port));
    CHECK(port != 0);
    CHECK_ERR(net_open_tcp(t->call, S("localhost"), 0, &other, &port), ERR_IO, "a name");
    CHECK_ERR(net_open_tcp(t->call, S("127.0.0.256"), 0, &other, &port), ERR_IO, "no address");
    CHECK_ERR(net_open_tcp(t->call, S("192.0.2.1"), 0, &other, &port), ERR_IO, "not this machine's");
    CHECK(net_open_tcp(t->call, S("127.0.0.1"), port, &other, &port) == ERR_IO);
    CHECK(strstr(t->call->failure.text, "is in use") != NULL);
    call_forgive(t->call);
    close(fd);

    CHECK_OK(net_open_unix(t->call, path, 0600, &fd));
    CHECK(stat(call_zstr(t->call, path), &st) == 0 && S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0600);
    CHECK_ERR(net_open_unix(t->call, path, 0600, &other), ERR_IO, "a live one");
    close(fd);
    CHECK_OK(net_open_unix(t->call, path, 0666, &fd));                              // a dead one is replaced
    CHECK(stat(call_zstr(t->call, path), &st) == 0 && (st.st_mode & 0777) == 0666); // whatever the umask is
    close(fd);
    FILE *f = fopen(call_zstr(t->call, file), "w");
    CHECK(f && fclose(f) == 0);
    CHECK_ERR(net_open_unix(t->call, file, 0600, &other), ERR_IO, "a file is in the way");
    CHECK_ERR(net_open_unix(t->call, S(""), 0600, &other), ERR_IO, "no path");
    CHECK_ERR(net_open_unix(t->call, long_path, 0600, &other), ERR_IO, "too long");
    CHECK_ERR(net_open_unix(t->call, call_format(t->call, "%s/none/socket", test_dir(t)), 0600, &other), ERR_IO, "no such folder");
}

static void take_none(int fd, void *context)
{
    (void)context;
    close(fd);
}

TEST(net_listen_takes_only_sockets_that_listen)
{
    struct net_loops            *loops = NULL;
    struct net_listener         *l;
    struct net_listener_settings none = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .taken = take_none};
    CHECK_OK(net_loops_new(t->call, &(struct net_settings){0}, &loops));
    CHECK_ERR(net_listen(t->call, loops, &none, &l), ERR_IO, "does not listen");
    net_loops_free(loops);
    CHECK_ERR(net_loops_new(t->call, &(struct net_settings){.loops = 100000}, &loops), ERR_USAGE, "loops");
}
