#include "cli/sandbox/seal.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static enum err refuse(struct call *c, const char *what)
{
    return FAIL(c, ERR_IO, "The sandbox cannot be sealed (%s): %s.", what, strerror(errno));
}

#if defined(__x86_64__)
#define ARCH          AUDIT_ARCH_X86_64
#define ARCH_32       AUDIT_ARCH_I386
#define IOCTL_32      54
#define SOCKET_32     359
#define SOCKETCALL_32 102 /* its arguments lie in memory, where no filter can look */
#elif defined(__aarch64__)
#define ARCH          AUDIT_ARCH_AARCH64
#define ARCH_32       AUDIT_ARCH_ARM
#define IOCTL_32      54
#define SOCKET_32     281
#define SOCKETCALL_32 102
#endif
#define NO_CALL   ~0u
#define X32_CALLS 0x40000000 /* x32's numbers have this bit */

#ifdef ARCH
enum rule_kind { NEVER, NOT_WITH, ONLY_WITH };

// What a call is refused for: always, with one of the values as its argument, or with any other.
struct rule {
    unsigned       call_64, call_32;
    enum rule_kind kind;
    unsigned       argument;
    unsigned       values[4];
    unsigned       value_n;
    unsigned       error;
};

static const struct rule RULES[] = {
    // They put characters into the terminal as if they had been typed. The kernel, too, looks at 32 bits of the number.
    {__NR_ioctl, IOCTL_32, NOT_WITH, 1, {TIOCSTI, TIOCLINUX}, 2, EPERM},
    {__NR_socket, SOCKET_32, ONLY_WITH, 0, {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}, 4, EAFNOSUPPORT},
    {__NR_io_uring_setup, __NR_io_uring_setup, NEVER, 0, {0}, 0, ENOSYS},
    {NO_CALL, SOCKETCALL_32, NEVER, 0, {0}, 0, ENOSYS},
};

#define STEPS_MAX 96

struct filter {
    struct sock_filter steps[STEPS_MAX];
    unsigned           n;
};

static void add(struct filter *f, unsigned code, unsigned value, unsigned if_true, unsigned if_false)
{
    if (f->n < STEPS_MAX) f->steps[f->n] = (struct sock_filter)BPF_JUMP((uint16_t)code, value, (uint8_t)if_true, (uint8_t)if_false);
    f->n++; // too many: seen by forbid_calls
}

static void add_load(struct filter *f, size_t offset)
{
    add(f, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void add_refusal(struct filter *f, unsigned error)
{
    add(f, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error, 0, 0);
}

// The call's number is loaded before, and again after.
static void add_rule(struct filter *f, const struct rule *r, unsigned number)
{
    unsigned n = r->value_n, past_refusal = r->kind == NEVER ? 1 : r->kind == NOT_WITH ? n + 3 : n + 2;
    add(f, BPF_JMP | BPF_JEQ | BPF_K, number, 0, past_refusal);
    if (r->kind != NEVER) add_load(f, offsetof(struct seccomp_data, args) + r->argument * sizeof(uint64_t));
    for (unsigned i = 0; i < n; i++) add(f, BPF_JMP | BPF_JEQ | BPF_K, r->values[i], n - i, 0); // to the refusal, or past it
    if (r->kind == NOT_WITH) add(f, BPF_JMP | BPF_JA, 1, 0, 0);
    add_refusal(f, r->error);
    add_load(f, offsetof(struct seccomp_data, nr));
}

static void add_rules(struct filter *f, bool is_32)
{
    for (size_t i = 0; i < COUNT(RULES); i++) {
        unsigned number = is_32 ? RULES[i].call_32 : RULES[i].call_64;
        if (number != NO_CALL) add_rule(f, &RULES[i], number);
    }
    add(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void make_filter(struct filter *f)
{
    add_load(f, offsetof(struct seccomp_data, arch));
    add(f, BPF_JMP | BPF_JEQ | BPF_K, ARCH_32, 0, 1);
    unsigned to_32 = f->n;
    add(f, BPF_JMP | BPF_JA, 0, 0, 0); // how far is known below
    add(f, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
    add_refusal(f, ENOSYS);
    add_load(f, offsetof(struct seccomp_data, nr));
    add(f, BPF_JMP | BPF_JSET | BPF_K, X32_CALLS, 0, 1);
    add_refusal(f, EPERM);
    add_rules(f, false);
    f->steps[to_32].k = f->n - to_32 - 1;
    add_load(f, offsetof(struct seccomp_data, nr));
    add_rules(f, true);
}
#endif

static enum err forbid_calls(struct call *c)
{
#ifdef ARCH
    struct filter f = {.n = 0};
    make_filter(&f);
    struct sock_fprog program = {.len = (unsigned short)f.n, .filter = f.steps};
    if (f.n > STEPS_MAX) return FAIL_PLAIN(c, ERR_INTERNAL);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return refuse(c, "system calls");
#else
    (void)c;
#endif
    return OK;
}

static enum err drop_capabilities(struct call *c)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct   none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
        if (prctl(PR_CAPBSET_DROP, cap) != 0) return refuse(c, "the bounding set");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return refuse(c, "the ambient set");
    if (syscall(SYS_capset, &head, none) != 0) return refuse(c, "the capabilities");
    return OK;
}

// Where a filter or the kernel's build refuses keyrings, it refuses them to the program as well.
static enum err leave_keyring(struct call *c)
{
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS || errno == EPERM) return OK;
    return refuse(c, "the keyring");
}

enum err sandbox_seal(struct call *c)
{
    TRY(leave_keyring(c));
    TRY(drop_capabilities(c));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refuse(c, "no_new_privs");
    TRY(forbid_calls(c));
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return refuse(c, "its end"); // last, for a change of credentials clears it
    return OK;
}
