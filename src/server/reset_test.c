#include <sys/stat.h>
#include <unistd.h>

#include "ops/product.h"
#include "server/ca.h"
#include "server/files.h"
#include "server/server.h"
#include "server/state.h"
#include "test.h"

static enum err make(struct test *t, str directory, struct product *p)
{
    struct server_certificate certificate = {0};
    *p = (struct product){.data_dir = directory, .names = names_azure()};
    enum err          failed = state_open(t->call, p);
    struct ca_subject subject = {.tenant = p->tenant, .names = &p->names};
    if (failed == OK) failed = ca_prepare(t->call, directory, &subject, &certificate);
    secret_clear(&certificate.key_pem);
    return failed;
}

TEST(server_reset_deletes_what_a_server_made_and_nothing_else)
{
    str            directory = call_format(t->call, "%s/state", test_dir(t));
    struct product p;
    bool           has = true, is_there = false;
    CHECK_OK(server_has_state(t->call, directory, &has));
    CHECK(!has);
    CHECK_OK(make(t, directory, &p));
    guid first = p.tenant.g;
    CHECK_ERR(server_has_state(t->call, directory, &has), ERR_CONFLICT, "while it runs");
    CHECK_ERR(server_reset(t->call, directory), ERR_CONFLICT, "while it runs");
    state_close(&p);
    CHECK_OK(files_write(t->call, directory, "notes.txt", str_bytes(S("mine")), 0600));
    CHECK_OK(server_has_state(t->call, directory, &has));
    CHECK(has);
    CHECK_OK(server_reset(t->call, directory));
    CHECK_OK(server_has_state(t->call, directory, &has));
    CHECK_OK(files_exist(t->call, directory, "notes.txt", &is_there));
    CHECK(!has && is_there);

    struct stat              st;
    size_t                   left = 0;
    static const char *const MADE[] = {"lanyard.db", "lanyard.db-wal", "seal.key",   "tenant",      "ca.pem",
                                       "ca.key",     "server.pem",     "server.key", "server.names"};
    for (size_t i = 0; i < COUNT(MADE); i++) left += stat(call_format(t->call, "%.*s/%s", PSTR(directory), MADE[i]).at, &st) == 0;
    CHECK_INT(left, 0, "files");
    CHECK_OK(make(t, directory, &p));
    CHECK(!guid_eq(p.tenant.g, first));
    state_close(&p);
}
