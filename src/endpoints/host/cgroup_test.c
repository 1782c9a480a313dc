#include "endpoints/host/cgroup.h"

#include "core/buf.h"
#include "test.h"

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD   "kubepods-burstable-pod1ab2.slice"
#define USER  "/user.slice/user-1001.slice/user@1001.service"

TEST(cgroup_tells_the_unit_and_the_container) // T5
{
    static const struct { const char *text, *unit, *container; } CASES[] = {
        // version 2
        {"0::/system.slice/web.service\n", "web.service", ""},
        {"0::/system.slice/system-web.slice/web@1.service/worker\n", "web@1.service", ""},
        {"0::/system.slice/_cgroup.service\n", "cgroup.service", ""},
        {"0::/init.scope\n", "init.scope", ""},
        {"0::/user.slice/user-1001.slice/session-3.scope\n", "session-3.scope", ""},
        {"0::" USER "/app.slice/node.service\n", "user@1001.service", ""},
        {"0::/system.slice/docker-" ID ".scope\n", "docker-" ID ".scope", ID},
        {"0::/machine.slice/libpod-" ID ".scope/container\n", "libpod-" ID ".scope", ID},
        {"0::/system.slice/nerdctl-" ID ".scope\n", "nerdctl-" ID ".scope", ID},
        {"0::/kubepods.slice/kubepods-burstable.slice/" POD "/cri-containerd-" ID ".scope\n", "cri-containerd-" ID ".scope", ID},
        {"0::/kubepods.slice/kubepods-burstable.slice/" POD "/crio-" ID ".scope\n", "crio-" ID ".scope", ID},
        {"0::/docker/" ID "\n", "", ID},
        {"0::/docker/" ID "/inner\n", "", ID},
        {"0::/kubepods/burstable/pod1ab2/" ID "\n", "", ID},
        {"0::/kubepods/pod1ab2/" ID "\n", "", ID},
        {"0::/kubepods/besteffort/pod1ab2/crio-" ID "\n", "", ID},
        {"0::/libpod_parent/libpod-" ID "\n", "", ID},
        // version 1, and both
        {"12:pids:/docker/" ID "\n1:name=systemd:/docker/" ID "\n0::/docker/" ID "\n", "", ID},
        {"3:memory:/system.slice/web.service\n1:name=systemd:/system.slice/web.service\n0::/\n", "web.service", ""},
        {"9:name=systemd:/\n8:pids:/\n", "", ""},
        {"0::/\n", "", ""},
        {"0::/system.slice\n", "", ""},
        {"", "", ""},
        // what a user, or a service that may, can make by itself
        {"0::" USER "/user.slice/libpod-" ID ".scope/container\n", "user@1001.service", ""},
        {"0::" USER "/web.service\n", "user@1001.service", ""},
        {"0::" USER "/docker-" ID ".scope\n", "user@1001.service", ""},
        {"0::/system.slice/ci.service/docker-" ID ".scope\n", "ci.service", ""},
        {"0::/system.slice/ci.service/docker/" ID "\n", "ci.service", ""},
        {"0::/docker/" ID "/docker/" OTHER "\n", "", ID},
        {"0::/system.slice/docker-" ID ".scope/docker-" OTHER ".scope\n", "docker-" ID ".scope", ID},
        {"0::/kubepods/burstable/pod1ab2/" ID "/" OTHER "\n", "", ID},
        // no container
        {"0::/machine.slice/libpod-conmon-" ID ".scope\n", "libpod-conmon-" ID ".scope", ""},
        {"0::/system.slice/docker-" ID "0.scope\n", "docker-" ID "0.scope", ""},
        {"0::/system.slice/docker-0123456789abcdef.scope\n", "docker-0123456789abcdef.scope", ""},
        {"0::/docker/buildkit/" ID "\n", "", ""},
        {"0::/other/" ID "\n", "", ""},
        {"0::/docker\n", "", ""},
        {"0::/.service\n", "", ""},
        // lines that do not agree
        {"2:a:/system.slice/web.service\n1:b:/system.slice/job.service\n", "", ""},
        {"2:a:/docker/" ID "\n1:b:/docker/" OTHER "\n", "", ""},
        {"2:a:/docker/" ID "\n1:b:/docker/" OTHER "\n0::/docker/" ID "\n", "", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct cgroup g;
        CHECK_ERR(cgroup_read(t->call, str_of(CASES[i].text), &g), OK, CASES[i].text);
        CHECK_STR(g.unit, str_of(CASES[i].unit), CASES[i].text);
        CHECK_STR(g.container, str_of(CASES[i].container), CASES[i].text);
    }
}

TEST(cgroup_refuses_what_the_kernel_does_not_write) // T5
{
    static const char *const CASES[] = {
        "0::/../system.slice/web.service\n", // outside of the server's own tree
        "0::/system.slice/../web.service\n", "0::system.slice\n", "0::\n", "0:\n", "0\n", "\n", "x::/\n", "0::/a//b\n", "0::/a/\n", "0::/./a\n",
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct cgroup g;
        CHECK_ERR(cgroup_read(t->call, str_of(CASES[i]), &g), ERR_PEER_UNKNOWN, CASES[i]);
    }
}

static enum err read_many(struct test *t, const char *line, size_t n, const char *end)
{
    struct buf    b;
    struct cgroup g;
    buf_init(&b, &t->call->arena);
    for (size_t i = 0; i < n; i++) buf_add(&b, str_of(line));
    buf_add(&b, str_of(end));
    return cgroup_read(t->call, buf_view(&b), &g);
}

TEST(cgroup_keeps_to_its_limits)
{
    CHECK_ERR(read_many(t, "1:a:/\n", CGROUP_MAX_LINES, ""), OK, "lines");
    CHECK_ERR(read_many(t, "1:a:/\n", CGROUP_MAX_LINES + 1, ""), ERR_PEER_UNKNOWN, "a line more");
    CHECK_ERR(read_many(t, "0::/", 1, "a"), OK, "a segment");
    struct buf b;
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("0::"));
    for (size_t i = 0; i < CGROUP_MAX_DEPTH; i++) buf_add(&b, S("/a"));
    struct cgroup g;
    CHECK_ERR(cgroup_read(t->call, buf_view(&b), &g), OK, "depth");
    buf_add(&b, S("/a"));
    CHECK_ERR(cgroup_read(t->call, buf_view(&b), &g), ERR_PEER_UNKNOWN, "a segment more");
    buf_init(&b, &t->call->arena);
    buf_add(&b, S("0::/"));
    while (b.n < CGROUP_MAX_BYTES) buf_add_char(&b, 'a');
    CHECK_ERR(cgroup_read(t->call, buf_view(&b), &g), OK, "bytes");
    buf_add_char(&b, 'a');
    CHECK_ERR(cgroup_read(t->call, buf_view(&b), &g), ERR_PEER_UNKNOWN, "a byte more");
}
