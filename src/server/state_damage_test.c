#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "server/ca.h"
#include "server/files.h"
#include "server/state.h"
#include "test.h"

// What becomes of a data directory when files of it are lost or damaged: it starts with the same tenant, or it
// refuses with one line. The directory is that of a first session which was killed, so the log has what it changed.

#define FILES(X)                                                                                                          \
    X(DATABASE, "lanyard.db") X(WAL, "lanyard.db-wal") X(INDEX, "lanyard.db-shm") X(LOCK, "lock") X(SEAL_KEY, "seal.key") \
    X(TENANT, "tenant") X(CA, "ca.pem") X(CA_KEY, "ca.key") X(CERT, "server.pem") X(KEY, "server.key") X(NAMES, "server.names")
enum file {
#define X(file, name) FILE_##file,
    FILES(X)
#undef X
        FILE_N
};
static const char *const NAMES[] = {
#define X(file, name) name,
    FILES(X)
#undef X
};

#define BIT(file) (1u << FILE_##file)

struct image {
    str  files[FILE_N];
    guid tenant;
};

static str path_of(struct test *t, const char *directory, const char *name)
{
    return call_format(t->call, "%s/%s/%s", test_dir(t), directory, name);
}

// What the server does with its directory before it listens.
static enum err start(struct call *c, str directory, guid *out_tenant)
{
    struct product            p = {.data_dir = directory, .names = names_azure()};
    struct server_certificate certificate = {0};
    enum err                  failed = state_open(c, &p);
    struct ca_subject         subject = {.tenant = p.tenant, .names = &p.names};
    if (failed == OK) failed = ca_prepare(c, directory, &subject, &certificate);
    secret_clear(&certificate.key_pem);
    *out_tenant = p.tenant.g;
    state_close(&p);
    return failed;
}

static enum err change_something(struct call *c, struct product *p)
{
    struct store_session *w;
    struct principal     *made;
    TRY(store_session_open(c, p->store, STORE_WRITE, &w));
    TRY(principal_new(c, &(struct principal){.id.g = guid_new(c), .kind = PRINCIPAL_GROUP, .name = S("a later change")}, &made));
    TRY(store_begin(c, w));
    TRY(world_change(c, p->worlds, w, STORE_PRINCIPAL, NULL, &made->ref));
    return store_commit(c, w);
}

// A first session in a process of its own, killed with a change in the log.
static bool live_and_die(str directory)
{
    int   status = 1;
    pid_t pid = fork();
    if (pid == 0) {
        struct call               c;
        struct server_certificate certificate;
        struct product            p = {.data_dir = directory, .names = names_azure()};
        call_init(&c, NULL, NULL);
        bool              done = state_open(&c, &p) == OK;
        struct ca_subject subject = {.tenant = p.tenant, .names = &p.names};
        done = done && ca_prepare(&c, directory, &subject, &certificate) == OK && change_something(&c, &p) == OK;
        _exit(done ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static str read_whole(struct test *t, str path)
{
    struct buf  b;
    struct stat st;
    int         fd = open(path.at, O_RDONLY);
    buf_init(&b, &t->call->arena);
    if (fd < 0) return STR_NONE;
    char *room = fstat(fd, &st) == 0 ? buf_extend(&b, (size_t)st.st_size) : NULL;
    CHECK_ROW(room && read(fd, room, (size_t)st.st_size) == st.st_size, path.at);
    close(fd);
    return buf_view(&b);
}

static void write_whole(struct test *t, str path, str content, mode_t mode)
{
    int fd = open(path.at, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK_ROW(fd >= 0 && write(fd, content.at, content.n) == (ssize_t)content.n && fchmod(fd, mode) == 0, path.at);
    close(fd);
}

static struct image make_image(struct test *t, const char *name)
{
    struct image made = {.tenant = GUID_NONE};
    CHECK_ROW(live_and_die(path_of(t, name, "")), name);
    for (size_t i = 0; i < FILE_N; i++) {
        made.files[i] = read_whole(t, path_of(t, name, NAMES[i]));
        CHECK_ROW(made.files[i].n > 0, NAMES[i]);
    }
    CHECK(guid_parse(str_upto(made.files[FILE_TENANT], GUID_TEXT_BYTES), &made.tenant));
    return made;
}

// The image without the files of `lost`, in a directory of its own.
static str lay_out(struct test *t, const struct image *from, unsigned lost, const char *name)
{
    str directory = call_format(t->call, "%s/%s", test_dir(t), name);
    CHECK_ROW(mkdir(directory.at, 0700) == 0, name);
    for (size_t i = 0; i < FILE_N; i++)
        if (!(lost & 1u << i)) write_whole(t, path_of(t, name, NAMES[i]), from->files[i], 0600);
    return directory;
}

static void remove_all(struct test *t, const char *name)
{
    for (size_t i = 0; i < FILE_N; i++) unlink(path_of(t, name, NAMES[i]).at);
    rmdir(call_format(t->call, "%s/%s", test_dir(t), name).at);
}

enum damage { LOST, EMPTY, CUT, GARBAGE, READ_BY_OTHERS, OF_ANOTHER_TENANT, DAMAGE_N };
static const char *const DAMAGES[] = {"lost", "empty", "cut in half", "garbage", "readable by others", "of another tenant"};

static void befall(struct test *t, const char *name, const struct image *own, const struct image *other, enum file file, enum damage damage)
{
    static const char NOISE[4096] = {[0 ... 4095] = 'Z'};
    str               path = path_of(t, name, NAMES[file]), was = own->files[file];
    switch (damage) {
    case LOST: CHECK(unlink(path.at) == 0); break;
    case EMPTY: write_whole(t, path, S(""), 0600); break;
    case CUT: write_whole(t, path, str_upto(was, was.n / 2), 0600); break;
    case GARBAGE: write_whole(t, path, (str){NOISE, was.n < sizeof NOISE ? was.n : sizeof NOISE}, 0600); break;
    case READ_BY_OTHERS: CHECK(chmod(path.at, 0644) == 0); break;
    case OF_ANOTHER_TENANT: write_whole(t, path, other->files[file], 0600); break;
    case DAMAGE_N: break;
    }
}

#define LOG  "lanyard.db-wal is missing, damaged or another's"
#define SAME NULL /* it starts, with the same tenant */

static const char *const EXPECTED[FILE_N][DAMAGE_N] = {
    [FILE_DATABASE] = {"its log is there", "its log is there", "The store is damaged", "The store is damaged", SAME, "belong to tenant"},
    // Cut behind its header it looks as if a write had been cut short.
    [FILE_WAL] = {LOG, LOG, SAME, LOG, SAME, LOG},
    [FILE_INDEX] = {SAME, SAME, SAME, SAME, SAME, SAME},
    [FILE_LOCK] = {SAME, SAME, SAME, SAME, SAME, LOG},
    [FILE_SEAL_KEY] = {"seal.key is missing", "seal.key is damaged", "seal.key is damaged", "seal.key is not the key", "chmod 600", "seal.key is not the key"},
    [FILE_TENANT] = {SAME, "tenant is damaged", "tenant is damaged", "tenant is damaged", SAME, "belong to tenant"},
    [FILE_CA] = {SAME, "ca.pem is damaged", "ca.pem is damaged", "ca.pem is damaged", SAME, "is not the authority of tenant"},
    [FILE_CA_KEY] = {SAME, SAME, SAME, SAME, SAME, SAME}, // it is read when a certificate is to be made: see the subsets
    [FILE_CERT] = {SAME, SAME, SAME, SAME, SAME, SAME},
    [FILE_KEY] = {SAME, SAME, SAME, SAME, "chmod 600", SAME},
    [FILE_NAMES] = {SAME, SAME, SAME, SAME, SAME, SAME},
};

static void check_start(struct test *t, str directory, guid tenant, const char *want, const char *row)
{
    guid     got = GUID_NONE;
    enum err failed = start(t->call, directory, &got);
    str      said = str_of(t->call->failure.text);
    if (failed == OK && want) test_failed(t, __FILE__, __LINE__, "%s: started, and should have said \"%s\"", row, want);
    if (failed == OK) CHECK_ROW(guid_eq(got, tenant), row);
    if (failed != OK && (!want || str_find_str(said, str_of(want)) == STR_NOWHERE))
        test_failed(t, __FILE__, __LINE__, "%s: \"%.*s\"", row, PSTR(said));
    CHECK_ROW(failed == OK || str_find(said, '\n') == STR_NOWHERE, row);
    call_forgive(t->call);
}

TEST(state_open_after_damage_to_one_file)
{
    struct image own = make_image(t, "own"), other = make_image(t, "other");
    CHECK(!guid_eq(own.tenant, other.tenant));
    for (size_t f = 0; f < FILE_N; f++) {
        for (size_t d = 0; d < DAMAGE_N; d++) {
            const char *row = call_zstr(t->call, call_format(t->call, "%s, %s", NAMES[f], DAMAGES[d])), *want = EXPECTED[f][d];
            str         directory = lay_out(t, &own, 0, row);
            befall(t, row, &own, &other, (enum file)f, (enum damage)d);
            check_start(t, directory, own.tenant, want, row);
            if (want) check_start(t, directory, own.tenant, want, row); // and says it again
            if (want) write_whole(t, path_of(t, row, NAMES[f]), own.files[f], 0600);
            check_start(t, directory, own.tenant, SAME, row); // once it is put back, all is as it was
            remove_all(t, row);
        }
    }
}

// The same words for every set of files that can be lost together.
static const char *expected_without(unsigned lost)
{
    const unsigned KEYS = BIT(SEAL_KEY) | BIT(TENANT) | BIT(CA) | BIT(CA_KEY) | BIT(CERT) | BIT(KEY);
    bool           is_log_lost = lost & BIT(WAL), is_log_noted = !(lost & BIT(LOCK));
    if (lost & BIT(DATABASE) && !is_log_lost) return "its log is there";
    if (lost & BIT(DATABASE) && (lost & KEYS) != KEYS) return "keys that belong to it are there";
    if (is_log_lost && is_log_noted) return LOG;
    if (lost & BIT(DATABASE)) return "(a new tenant)";
    if (lost & BIT(SEAL_KEY)) return "seal.key is missing";
    if (!(lost & BIT(CA)) && (lost & BIT(CA_KEY)) && (lost & (BIT(CERT) | BIT(KEY)))) return "ca.key is missing";
    return SAME;
}

TEST(state_open_after_the_loss_of_any_files)
{
    static const enum file KINDS[] = {FILE_LOCK, FILE_DATABASE, FILE_WAL, FILE_SEAL_KEY, FILE_TENANT, FILE_CA, FILE_CA_KEY, FILE_CERT, FILE_KEY};
    struct image           own = make_image(t, "own");
    size_t                 anew = 0;
    for (unsigned set = 0; set < 1u << COUNT(KINDS); set++) {
        struct buf row;
        unsigned   lost = 0;
        guid       got = GUID_NONE;
        buf_init(&row, &t->call->arena);
        buf_add(&row, S("without"));
        for (size_t i = 0; i < COUNT(KINDS); i++) {
            if (!(set & 1u << i)) continue;
            lost |= 1u << KINDS[i];
            buf_addf(&row, " %s", NAMES[KINDS[i]]);
        }
        const char *name = call_zstr(t->call, buf_view(&row)), *want = expected_without(lost);
        str         directory = lay_out(t, &own, lost, name);
        if (want && *want == '(') {
            CHECK_ERR(start(t->call, directory, &got), OK, name);
            CHECK_ROW(!guid_eq(got, own.tenant), name);
            anew++;
        } else {
            check_start(t, directory, own.tenant, want, name);
        }
        remove_all(t, name);
    }
    CHECK_INT(anew, 1, "only when nothing of the tenant is left");
}

// The tenant was in the database before the first answer: however much of the log is lost, it is the same one.
TEST(state_open_keeps_the_tenant_however_the_log_is_cut)
{
    struct image own = make_image(t, "own");
    for (size_t n = 0; n <= own.files[FILE_WAL].n; n += n < 64 ? 8 : 997) {
        const char *row = call_zstr(t->call, call_format(t->call, "log of %zu bytes", n));
        str         directory = lay_out(t, &own, BIT(LOCK), row); // nobody says that there was a log
        write_whole(t, path_of(t, row, NAMES[FILE_WAL]), str_upto(own.files[FILE_WAL], n), 0600);
        check_start(t, directory, own.tenant, SAME, row);
        remove_all(t, row);
    }
}

// A first start is cut short anywhere: the next one ends it, or begins again; it never meets a refusal.
TEST(state_open_ends_a_first_start_that_was_cut_short)
{
    static const struct { const char *row; unsigned lost; bool is_key_named; bool same; } CASES[] = {
        {"before the commit", BIT(LOCK) | BIT(DATABASE) | BIT(WAL) | BIT(INDEX), false, false},
        {"after the commit", 0, false, true},
        {"before the marker", 0, true, true},
    };
    struct image own = make_image(t, "own");
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const unsigned LATER = BIT(SEAL_KEY) | BIT(TENANT) | BIT(CA) | BIT(CA_KEY) | BIT(CERT) | BIT(KEY) | BIT(NAMES);
        guid           got = GUID_NONE;
        str            directory = lay_out(t, &own, CASES[i].lost | LATER, CASES[i].row);
        write_whole(t, path_of(t, CASES[i].row, CASES[i].is_key_named ? "seal.key" : "seal.key.first"), own.files[FILE_SEAL_KEY], 0600);
        CHECK_ERR(start(t->call, directory, &got), OK, CASES[i].row);
        CHECK_ROW(guid_eq(got, own.tenant) == CASES[i].same, CASES[i].row);
        CHECK_ROW(access(path_of(t, CASES[i].row, "seal.key.first").at, F_OK) != 0, CASES[i].row);
        check_start(t, directory, got, SAME, CASES[i].row);
    }
}
