#include "client/reply.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/expiry.h"
#include "client/request_text.h"
#include "client/secret_file.h"
#include "test_file.h"

#define NOW_S INT64_C(1790000000)

// T7, L1: whatever form a platform writes the end of a token in.
TEST(an_expiry_is_read_in_every_form_that_was_seen)
{
    static const struct {
        const char *text;
        int64_t     want_s; // 0: refused
    } CASES[] = {
        {"1764000000", 1764000000},
        {"2025-11-24T16:00:00Z", 1764000000},
        {"2025-11-24T16:00:00.123Z", 1764000000},
        {"2025-11-24T17:30:00+01:30", 1764000000},
        {"11/24/2025 16:00:00 +00:00", 1764000000},
        {"11/24/2025 4:00:00 PM +00:00", 1764000000},
        {"11/24/2025 16:00:00", 1764000000},
        {"2025-11-24 16:00:00.654321", 1764000000},
        {"1/16/2020 5:24:12 AM +00:00", 1579152252},
        {"1/16/2020 12:24:12 AM +00:00", 1579134252},
        {"1/16/2020 12:24:12 PM +00:00", 1579177452},
        {"", 0},
        {"0", 0},
        {"-5", 0},
        {"99999999999999999999", 0},
        {"tomorrow", 0},
        {"2025-02-30T00:00:00Z", 0},
        {"13/01/2025 00:00:00", 0},
        {"2025-11-24T16:00:00Z and more", 0},
        {"2025-11-24", 0},
        {"2025-11-24 25:00:00", 0},
        {"1/16/2020 13:24:12 PM", 0},
        {"2025-11-24T16:00:00+99:00", 0},
        {"2025-11-24T16:00:00.Z", 0},
        {"11/24/2025 16:00:00 ", 0},
        {"111111111111111111111111111111111111111111111111111111111111111111", 0},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        int64_t got = 0;
        bool    is_read = expiry_parse(str_of(CASES[i].text), &got);
        CHECK_ROW(is_read == (CASES[i].want_s != 0), CASES[i].text);
        CHECK_ROW(got == CASES[i].want_s, CASES[i].text);
    }
}

TEST(an_expiry_of_az_without_an_offset_is_local_time)
{
    int64_t local, utc, with_offset;
    CHECK(expiry_parse_local(S("2025-11-24 16:00:00.654321"), &local));
    CHECK(expiry_parse(S("2025-11-24 16:00:00"), &utc));
    struct tm tm;
    time_t    at = (time_t)local;
    localtime_r(&at, &tm);
    CHECK(tm.tm_hour == 16 && tm.tm_mday == 24);
    CHECK(local + tm.tm_gmtoff == utc);
    CHECK(expiry_parse_local(S("2025-11-24T16:00:00Z"), &with_offset) && with_offset == utc);
}

TEST(a_token_reply_is_read_with_whichever_end_it_has)
{
    static const struct {
        const char *body;
        enum err    want;
        int64_t     expires_in_s, refresh_in_s; // from now on
    } CASES[] = {
        {"{\"access_token\":\"a.b\",\"expires_on\":1790003600}", OK, 3600, 0},
        {"{\"access_token\":\"a.b\",\"expires_on\":\"1790003600\",\"expires_in\":\"7\"}", OK, 3600, 0},
        {"{\"access_token\":\"a.b\",\"expires_on\":\"\",\"expires_in\":\"3599\",\"token_type\":\"bearer\"}", OK, 3599, 0},
        {"{\"access_token\":\"a.b\",\"expires_in\":3599,\"refresh_in\":\"1800\"}", OK, 3599, 1800},
        {"{\"access_token\":\"a.b\",\"expires_in\":3599,\"refresh_in\":9000}", OK, 3599, 0},
        {"{\"access_token\":\"a.b\",\"expires_in\":3599,\"refresh_in\":-1}", OK, 3599, 0},
        {"{\"access_token\":\"a.b\"}", ERR_CONTENT_INVALID, 0, 0},
        {"{\"access_token\":\"a.b\",\"expires_in\":\"soon\"}", ERR_CONTENT_INVALID, 0, 0},
        {"{\"access_token\":\"a.b\",\"expires_in\":-1}", ERR_CONTENT_INVALID, 0, 0},
        {"{\"access_token\":\"a.b\",\"expires_in\":9223372036854775807}", ERR_CONTENT_INVALID, 0, 0},
        {"{\"access_token\":\"a.b\",\"expires_in\":true}", ERR_CONTENT_INVALID, 0, 0},
        {"{\"access_token\":\"a.b\",\"expires_on\":1790003600.75}", OK, 3600, 0},
        {"{\"access_token\":\"a.b\",\"expires_on\":-1e300}", ERR_CONTENT_INVALID, 0, 0},
        {"{\"access_token\":\"a.b\",\"expires_on\":1e300}", ERR_CONTENT_INVALID, 0, 0},
        {"{\"access_token\":\"a.b\",\"expires_on\":0.5}", ERR_CONTENT_INVALID, 0, 0},
        {"{\"access_token\":\"\",\"expires_in\":3599}", ERR_CONTENT_INVALID, 0, 0},
        {"{\"access_token\":7,\"expires_in\":3599}", ERR_CONTENT_INVALID, 0, 0},
        {"{\"access_token\":\"a\\r\\nX-Evil: 1\",\"expires_in\":3599}", ERR_CONTENT_INVALID, 0, 0},
        {"{\"access_token\":\"a.b\",\"expires_in\":3599,\"token_type\":\"pop\"}", ERR_CONTENT_INVALID, 0, 0},
        {"[]", ERR_CONTENT_INVALID, 0, 0},
        {"\"a.b\"", ERR_CONTENT_INVALID, 0, 0},
        {"", ERR_JSON_INVALID, 0, 0},
        {"<html>sign in</html>", ERR_JSON_INVALID, 0, 0},
        {"{\"access_token\":\"a.b\",\"expires_in\":3599", ERR_JSON_INVALID, 0, 0},
    };
    t->call->now_s = NOW_S;
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct token_reply r = {0};
        enum err           got = token_reply_read(t->call, str_of(CASES[i].body), &r);
        CHECK_ERR(got, CASES[i].want, CASES[i].body);
        if (got != OK) continue;
        CHECK_STR(r.access_token, S("a.b"), CASES[i].body);
        CHECK_ROW(r.expires_at_s == NOW_S + CASES[i].expires_in_s, CASES[i].body);
        CHECK_ROW(r.refresh_at_s == (CASES[i].refresh_in_s ? NOW_S + CASES[i].refresh_in_s : 0), CASES[i].body);
    }
}

// L2: a person learns whether the end of the token is missing or is no end.
TEST(a_token_reply_without_a_usable_end_says_which)
{
    static const struct {
        const char *body, *want;
    } CASES[] = {
        {"{\"access_token\":\"a.b\"}", "The reply says neither by expires_on nor by expires_in when its token ends."},
        {"{\"access_token\":\"a.b\",\"expires_on\":253402300799}", "The reply's expires_on or expires_in is no time at which a token can end."},
        {"{\"access_token\":\"a.b\",\"expires_in\":\"soon\"}", "The reply's expires_on or expires_in is no time at which a token can end."},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct token_reply r;
        CHECK(token_reply_read(t->call, str_of(CASES[i].body), &r) == ERR_CONTENT_INVALID);
        CHECK_STR(str_of(t->call->failure.text), str_of(CASES[i].want), CASES[i].body);
        call_forgive(t->call);
    }
}

// L2: the code, the words and the id by which the service's people find the request; no token, whoever repeats one.
TEST(an_error_reply_is_read_in_every_form)
{
    static const struct {
        const char *body, *code, *text, *id;
    } CASES[] = {
        {"{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}", "invalid_request", "Identity not found", ""},
        {"{\"error\":{\"code\":\"ManagedIdentityNotFound\",\"message\":\"No such\",\"correlationId\":\"c-1\"}}", "ManagedIdentityNotFound", "No such",
         "c-1"},
        {"{\"statusCode\":400,\"message\":\"No MSI found\",\"correlationId\":\"c-2\"}", "", "No MSI found", "c-2"},
        {"{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid secret.\\r\\nTrace ID: 1\",\"correlation_id\":\"c-3\"}",
         "AADSTS7000215", "AADSTS7000215: Invalid secret. Trace ID: 1", "c-3"},
        {"{\"error\":7,\"error_description\":[]}", "", "", ""},
        {"{\"error\":\"x\",\"error_description\":\"you sent eyJhbGciOiJSUzI1NiJ9.e30.c2ln, no\"}", "x", "you sent ***, no", ""},
        {"{\"error\":\"x\",\"error_description\":\"AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDDEEEEEEEEEEFFFFFFFFFFGGGGGGGGGG\"}", "x", "***", ""},
        {"{\"error\":\"x\",\"error_description\":\"a\\u0007b\\u2028c\"}", "x", "a?b???c", ""},
        {"<html>", "", "", ""},
        {"", "", "", ""},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct error_reply r;
        error_reply_read(t->call, str_of(CASES[i].body), STR_NONE, &r);
        CHECK_STR(r.code, str_of(CASES[i].code), CASES[i].body);
        CHECK_STR(r.text, str_of(CASES[i].text), CASES[i].body);
        CHECK_STR(r.correlation_id, str_of(CASES[i].id), CASES[i].body);
    }
}

TEST(a_form_escapes_all_but_the_unreserved_characters)
{
    struct form_field fields[] = {{S("a"), S("https://x/y z&=+%")}, {S("left_out"), STR_NONE}, {S("b"), S("A-z.0_9~")}, {S("c"), S("")}};
    CHECK_STR(form_text(t->call, fields, COUNT(fields)), S("a=https%3A%2F%2Fx%2Fy%20z%26%3D%2B%25&b=A-z.0_9~&c="), "form");
    CHECK_STR(str_of(url_with_query(t->call, S("http://h/p"), fields + 2, 1)), S("http://h/p?b=A-z.0_9~"), "query");
}

TEST(a_header_takes_no_value_that_would_begin_another)
{
    const char *out = NULL;
    CHECK_OK(header_text(t->call, "secret", S("853b9a84"), &out));
    CHECK_STR(str_of(out), S("secret: 853b9a84"), "header");
    CHECK_ERR(header_text(t->call, "secret", S("s3cr3t\r\nX: 1"), &out), ERR_CONTENT_INVALID, "line break");
    CHECK_ERR(header_text(t->call, "secret", S("\x80"), &out), ERR_CONTENT_INVALID, "not ASCII");
    CHECK(header_text(t->call, "secret", S("s3cr3t\n"), &out) != OK && !strstr(t->call->failure.text, "s3cr3t"));
    call_forgive(t->call);
}

TEST(a_url_is_one_that_a_request_may_be_sent_to)
{
    static const struct {
        const char *url, *host, *path; // host NULL: refused
    } CASES[] = {
        {"http://169.254.169.254/metadata", "169.254.169.254", "/metadata"},
        {"https://localhost:2377/a/b", "localhost", "/a/b"},
        {"HTTP://h", "h", ""},
        {"http://[::1]:80/x", "[::1]", "/x"},
        {"http://[::1]", "[::1]", ""},
        {"ftp://h/", NULL, NULL},
        {"file:///etc/passwd", NULL, NULL},
        {"http://", NULL, NULL},
        {"http:///x", NULL, NULL},
        {"http://:80/", NULL, NULL},
        {"http://user@h/", NULL, NULL},
        {"http://user:pw@h/", NULL, NULL},
        {"http://h/?q=1", NULL, NULL},
        {"http://h/#f", NULL, NULL},
        {"http://h/a b", NULL, NULL},
        {"http://h/\n", NULL, NULL},
        {"http://h:0/", NULL, NULL},
        {"http://h:65536/", NULL, NULL},
        {"http://h:/", NULL, NULL},
        {"http://a:b:80/", NULL, NULL},
        {"localhost:80", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct url_view v = {0};
        bool            is_read = url_read(str_of(CASES[i].url), &v);
        CHECK_ROW(is_read == (CASES[i].host != NULL), CASES[i].url);
        CHECK_STR(v.host, str_of(CASES[i].host), CASES[i].url);
        CHECK_STR(v.path, str_of(CASES[i].path), CASES[i].url);
    }
}

TEST(a_secret_file_is_a_regular_one_within_its_limit)
{
    struct secret got = {0};
    const char   *good = test_file(t, "good", S("0123456789")), *empty = test_file(t, "empty", S(""));
    const char   *link = call_zstr(t->call, call_format(t->call, "%s/link", test_dir(t)));
    const char   *pipe = call_zstr(t->call, call_format(t->call, "%s/pipe", test_dir(t)));
    CHECK(symlink(good, link) == 0 && mkfifo(pipe, 0600) == 0);
    CHECK_OK(secret_file_read(t->call, good, 10, SECRET_FILE_NO_LINK, &got));
    CHECK_STR(bytes_str(secret_reveal(&got)), S("0123456789"), "contents");
    secret_clear(&got);
    CHECK_OK(secret_file_read(t->call, link, 10, SECRET_FILE_ANY, &got));
    secret_clear(&got);
    CHECK_ERR(secret_file_read(t->call, link, 10, SECRET_FILE_NO_LINK, &got), ERR_IO, "link");
    CHECK_ERR(secret_file_read(t->call, good, 9, SECRET_FILE_ANY, &got), ERR_TOO_LARGE, "too long");
    CHECK_ERR(secret_file_read(t->call, "/dev/zero", 10, SECRET_FILE_ANY, &got), ERR_IO, "device");
    CHECK_ERR(secret_file_read(t->call, "/proc/self/maps", 10, SECRET_FILE_ANY, &got), ERR_TOO_LARGE, "a file that does not tell its size");
    CHECK_ERR(secret_file_read(t->call, pipe, 10, SECRET_FILE_ANY, &got), ERR_IO, "pipe");
    CHECK_ERR(secret_file_read(t->call, test_dir(t), 10, SECRET_FILE_ANY, &got), ERR_IO, "directory");
    CHECK_ERR(secret_file_read(t->call, empty, 10, SECRET_FILE_ANY, &got), ERR_CONTENT_INVALID, "empty");
    CHECK_ERR(secret_file_read(t->call, "/no/such/file", 10, SECRET_FILE_ANY, &got), ERR_IO, "absent");
    CHECK(got.at == NULL);
}
