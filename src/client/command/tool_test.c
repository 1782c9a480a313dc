// L1, L2: az and azd are run without a shell, and what they write leads to one conclusion.
#include "client/command/tool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/command/process.h"
#include "fake_transport.h"
#include "test_file.h"

#define SCOPE "https://vault.azure.net/.default"

static void write_tool(struct test *t, const char *name, const char *body)
{
    CHECK(chmod(test_file(t, name, call_format(t->call, "#!/bin/sh\n%s\n", body)), 0755) == 0);
}

static str read_file(struct test *t, const char *name)
{
    char   room[4096];
    FILE  *f = fopen(call_zstr(t->call, call_format(t->call, "%s/%s", test_dir(t), name)), "r");
    size_t n = f ? fread(room, 1, sizeof room, f) : 0;
    if (f) fclose(f);
    return call_text(t->call, (str){room, n});
}

// PATH begins with what must not be searched.
static void set_path(struct test *t)
{
    fake_environment("");
    setenv("PATH", call_zstr(t->call, call_format(t->call, ":.:relative:%s:/usr/bin:/bin", test_dir(t))), 1);
}

TEST(a_tool_s_output_is_read_in_its_forms)
{
    static const struct {
        const struct tool *tool;
        const char        *output;
        enum err           want;
        int64_t            expires_at_s; // 0: not compared, for it is local time
    } CASES[] = {
        {&TOOL_AZ, "{\"accessToken\":\"a.b\",\"expiresOn\":\"2025-11-24 16:00:00.000000\",\"expires_on\":1764000000}", OK, 1764000000},
        {&TOOL_AZ, "{\"accessToken\":\"a.b\",\"expires_on\":\"1764000000\"}", OK, 1764000000},
        {&TOOL_AZ, "{\"accessToken\":\"a.b\",\"expiresOn\":\"2025-11-24 16:00:00.000000\"}", OK, 0},
        {&TOOL_AZD, "{\"token\":\"a.b\",\"expiresOn\":\"2025-11-24T16:00:00Z\"}", OK, 1764000000},
        {&TOOL_AZD, "{\"accessToken\":\"a.b\",\"expiresOn\":\"2025-11-24T16:00:00Z\"}", ERR_CONTENT_INVALID, 0},
        {&TOOL_AZ, "{\"accessToken\":\"a b\",\"expires_on\":1764000000}", ERR_CONTENT_INVALID, 0},
        {&TOOL_AZ, "{\"accessToken\":\"a.b\",\"expires_on\":\"soon\"}", ERR_CONTENT_INVALID, 0},
        {&TOOL_AZ, "{\"accessToken\":\"a.b\"}", ERR_CONTENT_INVALID, 0},
        {&TOOL_AZ, "WARNING: hello", ERR_JSON_INVALID, 0},
        {&TOOL_AZ, "", ERR_JSON_INVALID, 0},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct token_reply r = {0};
        enum err           got = tool_output_read(t->call, CASES[i].tool, str_of(CASES[i].output), &r);
        CHECK_ERR(got, CASES[i].want, CASES[i].output);
        if (CASES[i].expires_at_s) CHECK_ROW(r.expires_at_s == CASES[i].expires_at_s, CASES[i].output);
    }
}

TEST(a_tool_s_complaint_is_told_in_a_line)
{
    static const struct {
        const char *errors, *want;
    } CASES[] = {
        {"ERROR: No subscription found.\n", "No subscription found."},
        {"{\"type\":\"consoleMessage\",\"timestamp\":\"x\",\"data\":{\"message\":\"\\nERROR: fetching token: x\\n\"}}\n", "ERROR: fetching token: x"},
        {"{\"type\":\"consoleMessage\",\"data\":{\"message\":\"\"}}\n{\"error\":\"login expired\",\"message\":\"m\",\"suggestion\":\"s\"}\n",
         "login expired"},
        {"{not json\nplain\n", "{not json plain"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) CHECK_STR(tool_words(t->call, str_of(CASES[i].errors)), str_of(CASES[i].want), CASES[i].errors);
}

// The end of a long text is told. What is cut may be a piece of a token that is not known for one.
TEST(a_tool_s_words_begin_with_a_whole_one)
{
    char errors[1024], last[PROCESS_ERRORS_MAX_BYTES + 1];
    memset(errors, 'A', 300);
    for (size_t i = 0; i < 80; i++) memcpy(errors + 300 + 7 * i, " words.", 7);
    str words = tool_words(t->call, (str){errors, 300 + 7 * 80});
    CHECK(str_starts(words, S("words. words.")) && str_find(words, 'A') == STR_NOWHERE);
    for (size_t i = 0; i < sizeof last; i++) last[i] = i % 7 ? 'x' : ' ';
    memset(last + sizeof last - 31, 'A', 31); // the process wrote more
    words = tool_words(t->call, (str){last, PROCESS_ERRORS_MAX_BYTES});
    CHECK(str_ends(words, S("xxxxxx")) && str_find(words, 'A') == STR_NOWHERE);
}

TEST(a_tool_gets_its_arguments_as_they_are)
{
    write_tool(t, "az",
               "d=$(dirname \"$0\"); printf '%s\\n' \"$@\" >\"$d/arguments\"; pwd >\"$d/place\"; ls /proc/self/fd | wc -l >\"$d/files\"; "
               "cat >\"$d/input\"; printf '{\"accessToken\":\"a.b\",\"expires_on\":4000000000}'");
    set_path(t);
    struct lanyard_credential *me = lanyard_azure_cli("tenant.example", "My Subscription", NULL);
    struct lanyard_token      *token = lanyard_token_get(me, SCOPE);
    CHECK_ROW(lanyard_token_result(token) == LANYARD_OK && lanyard_token_expires_at(token) == 4000000000, lanyard_token_error(token));
    CHECK_STR(read_file(t, "arguments"),
              S("account\nget-access-token\n--output\njson\n--resource\nhttps://vault.azure.net\n--tenant\ntenant.example\n--subscription\nMy "
                "Subscription\n"),
              "az");
    CHECK_STR(read_file(t, "place"), S("/\n"), "place");
    CHECK_STR(str_trim(read_file(t, "files")), S("4\n"), "its three, and the one that ls itself opens");
    CHECK_STR(read_file(t, "input"), S(""), "input");
    lanyard_token_free(token);
    lanyard_credential_free(me);
    write_tool(t, "azd",
               "printf '%s\\n' \"$@\" >\"$(dirname \"$0\")/arguments\"; printf '{\"token\":\"a.b\",\"expiresOn\":\"2096-10-02T07:06:40Z\"}'");
    me = lanyard_azure_developer_cli(NULL, NULL);
    struct lanyard_token_request request = {.size = sizeof request, .scope = SCOPE, .claims = "{}"};
    token = lanyard_token_ask(me, &request);
    CHECK_ROW(lanyard_token_result(token) == LANYARD_OK && lanyard_token_expires_at(token) == 4000000000, lanyard_token_error(token));
    CHECK_STR(read_file(t, "arguments"), S("auth\ntoken\n--output\njson\n--no-prompt\n--scope\n" SCOPE "\n--claims\ne30=\n"), "azd");
    lanyard_token_free(token);
    lanyard_credential_free(me);
}

TEST(a_tool_s_failure_leads_to_one_conclusion)
{
    static const struct {
        const char         *body; // of the tool; NULL: there is none
        enum lanyard_result want;
        const char         *word, *fix;
    } CASES[] = {
        {NULL, LANYARD_UNAVAILABLE, "az is not installed", "aka.ms/azure-cli"},
        {"echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1", LANYARD_UNAVAILABLE, "Nobody is signed in to az", "az login"},
        {"echo 'ERROR: AADSTS50076: MFA. Run: az login --scope x' >&2; exit 1", LANYARD_AUTHENTICATION_FAILED, "AADSTS50076", ""},
        {"echo 'ERROR: something else' >&2; exit 3", LANYARD_AUTHENTICATION_FAILED, "status 3: something else", ""},
        {"exit 127", LANYARD_UNAVAILABLE, "not installed whole", "aka.ms/azure-cli"},
        {"exit 2", LANYARD_AUTHENTICATION_FAILED, "said nothing", ""},
        {"echo hello", LANYARD_AUTHENTICATION_FAILED, "no JSON", ""},
        {"echo '{\"accessToken\":\"eyJsecret\"}'", LANYARD_AUTHENTICATION_FAILED, "when its token ends", ""},
        {"echo 'leak eyJhbGciOiJSUzI1NiJ9.x.y' >&2; exit 1", LANYARD_AUTHENTICATION_FAILED, "leak ***", ""},
        {"kill -9 $$", LANYARD_AUTHENTICATION_FAILED, "said nothing", ""},
        {"sleep 100", LANYARD_UNAVAILABLE, "did not end within 300 ms", "process_timeout_ms"},
        {"sleep 100 & exec sleep 100", LANYARD_UNAVAILABLE, "did not end within 300 ms", ""},
        {"yes", LANYARD_UNAVAILABLE, "did not end within 300 ms", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct lanyard_settings settings = {.size = sizeof settings, .process_timeout_ms = i + 3 < COUNT(CASES) ? 20000 : 300};
        set_path(t);
        if (CASES[i].body) write_tool(t, "az", CASES[i].body);
        else setenv("PATH", "/no/such/directory:.", 1);
        struct lanyard_credential *me = lanyard_azure_cli(NULL, NULL, &settings);
        struct lanyard_token      *token = lanyard_token_get(me, SCOPE);
        CHECK_ROW(lanyard_token_result(token) == CASES[i].want, lanyard_token_error(token));
        CHECK_ROW(strstr(lanyard_token_error(token), CASES[i].word) != NULL, lanyard_token_error(token));
        CHECK_ROW(!strstr(lanyard_token_error(token), "eyJ"), CASES[i].word);
        CHECK_ROW(strstr(lanyard_token_attempt(token, 0)->fix, CASES[i].fix) != NULL, CASES[i].word);
        lanyard_token_free(token);
        lanyard_credential_free(me);
    }
}

TEST(what_cannot_be_an_argument_is_not_given_to_a_tool)
{
    write_tool(t, "az", "touch \"$(dirname \"$0\")/ran\"; exit 1");
    set_path(t);
    static const struct {
        const char *tenant, *subscription, *scope, *claims, *asked;
    } CASES[] = {
        {"a;b", NULL, SCOPE, NULL, NULL},    {"-x", NULL, SCOPE, NULL, NULL},     {NULL, "a$b", SCOPE, NULL, NULL},
        {NULL, "--help", SCOPE, NULL, NULL}, {NULL, NULL, "--help", NULL, NULL},  {NULL, NULL, "a;b", NULL, NULL},
        {NULL, NULL, SCOPE, "{}", NULL},     {"own", NULL, SCOPE, NULL, "other"}, {NULL, NULL, SCOPE, NULL, "a b"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct lanyard_token_request request = {
            .size = sizeof request, .scope = CASES[i].scope, .claims = CASES[i].claims, .tenant_id = CASES[i].asked};
        struct lanyard_credential *me = lanyard_azure_cli(CASES[i].tenant, CASES[i].subscription, NULL);
        struct lanyard_token      *token = lanyard_token_ask(me, &request);
        enum lanyard_result        got = lanyard_token_result(token);
        CHECK(got == LANYARD_INVALID || got == LANYARD_UNAVAILABLE);
        CHECK(!CASES[i].claims || strstr(lanyard_token_error(token), "az login --claims-challenge e30= --scope " SCOPE));
        lanyard_token_free(token);
        lanyard_credential_free(me);
    }
    CHECK(access(call_zstr(t->call, call_format(t->call, "%s/ran", test_dir(t))), F_OK) != 0);
}

// No such process, or one that nobody has waited for yet: "42 (sleep) Z ...".
static bool has_ended(int64_t pid)
{
    char  path[64], line[512] = "";
    FILE *f;
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    f = fopen(path, "r");
    if (!f) return true;
    bool   is_read = fgets(line, sizeof line, f) != NULL;
    size_t name_end = str_find_last(str_of(line), ')');
    fclose(f);
    return !is_read || (name_end != STR_NOWHERE && line[name_end + 2] == 'Z');
}

TEST(a_process_ends_with_its_children_and_its_output_is_bounded)
{
    struct process_outcome ran = {0};
    struct patience        patience = {.until_ns = INT64_MAX};
    write_tool(t, "much", "sleep 100 >/dev/null 2>&1 & echo $! >&2; head -c 1000000 /dev/zero; exit 5");
    const char *file = call_zstr(t->call, call_format(t->call, "%s/much", test_dir(t)));
    const char *arguments[] = {"much", NULL};
    set_path(t);
    CHECK_OK(process_run(t->call, file, arguments, 20000, &patience, &ran));
    CHECK(ran.status == 5 && !ran.timed_out && ran.output.n == PROCESS_OUTPUT_MAX_BYTES && ran.output_is_cut);
    int64_t child = 0;
    CHECK(str_to_i64(str_upto(ran.errors, ran.errors.n - 1), &child) && child > 0);
    bool is_gone = false; // the kernel tells the kill's end a moment later
    for (int i = 0; i < 500 && !(is_gone = has_ended(child)); i++) usleep(10000);
    CHECK(is_gone);
    CHECK_ERR(process_run(t->call, "/no/such/file", arguments, 1000, &patience, &ran), ERR_IO, "absent");
    struct lanyard_cancel *cancel = lanyard_cancel_new();
    lanyard_cancel_set(cancel);
    patience.cancel = cancel;
    CHECK_ERR(process_run(t->call, "/bin/sleep", (const char *[]){"sleep", "100", NULL}, 60000, &patience, &ran), ERR_CANCELLED, "cancelled");
    lanyard_cancel_free(cancel);
}

// A program that closed its output and goes on is waited for as long as the one who asks has time, not as long as a tool may take.
TEST(a_process_that_closed_its_output_ends_with_the_patience_of_who_asks)
{
    struct process_outcome ran = {0};
    const char *const      arguments[] = {"sh", "-c", "exec /bin/sleep 20 >/dev/null 2>&1", NULL};
    struct patience        patience = patience_of(300, NULL);
    CHECK_ERR(process_run(t->call, "/bin/sh", arguments, 60000, &patience, &ran), ERR_TIMED_OUT, "its deadline");
}

// It takes the group of whom started it, so that a signal to its own group reaches nobody.
TEST(a_process_that_left_its_group_is_killed_too)
{
    struct process_outcome ran = {0};
    struct patience        patience = {.until_ns = INT64_MAX};
    const char *const      arguments[] = {"python3", "-c",
                                          "import os, sys, time\n"
                                               "os.setpgid(0, os.getpgid(os.getppid()))\n"
                                               "print(os.getpid(), flush=True)\n"
                                               "time.sleep(20)\n"
                                               "sys.exit(7)",
                                          NULL};
    const char            *file;
    int64_t                pid = 0;
    CHECK_OK(process_find(t->call, S("/usr/local/bin:/usr/bin:/bin"), "python3", &file));
    CHECK_OK(process_run(t->call, file, arguments, 2000, &patience, &ran));
    CHECK(ran.timed_out && ran.status == -1);
    CHECK(ran.output.n > 1 && str_to_i64(str_upto(ran.output, ran.output.n - 1), &pid));
    CHECK(has_ended(pid));
}

// A daemon has closed its standard files, so that the pipes' ends get their numbers.
TEST(a_process_of_a_program_without_standard_files_has_its_own)
{
    pid_t child = fork();
    if (child == 0) {
        struct process_outcome ran = {0};
        struct patience        patience = {.until_ns = INT64_MAX};
        for (int fd = 0; fd < 3; fd++) close(fd);
        enum err got = process_run(t->call, "/bin/sh", (const char *[]){"sh", "-c", "cat; echo out; echo err >&2", NULL}, 20000, &patience, &ran);
        _exit(got == OK && ran.status == 0 && str_eq(ran.output, S("out\n")) && str_eq(ran.errors, S("err\n")) ? 0 : 1);
    }
    int status = 1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
