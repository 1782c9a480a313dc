#include "endpoints/dns/dns.h"
#include "test.h"

#define HEAD(flags, counts) "\x12\x34" flags counts
#define ONE                 "\x00\x01\x00\x00\x00\x00\x00\x00"
#define ONE_AND_EDNS        "\x00\x01\x00\x00\x00\x00\x00\x01"
#define QUERY               HEAD("\x01\x00", ONE)
#define VAULT               \
    "\x04shop\x05vault\x05" \
    "azure\x03net\x00"
#define LOGIN                          \
    "\x05login\x0fmicrosoftonline\x03" \
    "com\x00"
#define A_IN     "\x00\x01\x00\x01"
#define AAAA_IN  "\x00\x1c\x00\x01"
#define EDNS     "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
#define ADDRESS  "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xa9\xfe\xa9\xfe"
#define OWN_EDNS "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
#define LABEL63 \
    "\x3f"      \
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define ROW(text)              \
    {                          \
        text, sizeof(text) - 1 \
    }

static struct dns_zone zone_azure(struct names *names)
{
    *names = names_azure();
    return (struct dns_zone){.names = names, .address = {169, 254, 169, 254}};
}

// Each row: a query and the whole answer, both as they stand on the wire.
TEST(dns_answers_our_names_and_no_others)
{
    static const struct { const char *name; str query, want; } CASES[] = {
        {"a vault", ROW(QUERY VAULT A_IN), ROW("\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00" VAULT A_IN ADDRESS)},
        {"the login host", ROW(QUERY LOGIN A_IN), ROW("\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00" LOGIN A_IN ADDRESS)},
        {"casing is echoed", ROW(QUERY "\x04ShOp\x05vault\x05" "AZURE\x03net\x00" A_IN),
         ROW("\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00\x04ShOp\x05vault\x05" "AZURE\x03net\x00" A_IN ADDRESS)},
        {"no IPv6", ROW(QUERY VAULT AAAA_IN), ROW("\x12\x34\x85\x80\x00\x01\x00\x00\x00\x00\x00\x00" VAULT AAAA_IN)},
        {"any", ROW(QUERY VAULT "\x00\xff\x00\x01"), ROW("\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00" VAULT "\x00\xff\x00\x01" ADDRESS)},
        {"with EDNS", ROW(HEAD("\x01\x20", ONE_AND_EDNS) VAULT A_IN EDNS),
         ROW("\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x01" VAULT A_IN ADDRESS OWN_EDNS)},
        {"EDNS with an option", ROW(HEAD("\x01\x00", ONE_AND_EDNS) VAULT A_IN "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x04\x00\x0a\x00\x00"),
         ROW("\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x01" VAULT A_IN ADDRESS OWN_EDNS)},
        {"recursion not desired", ROW(HEAD("\x00\x00", ONE) VAULT A_IN), ROW("\x12\x34\x84\x80\x00\x01\x00\x01\x00\x00\x00\x00" VAULT A_IN ADDRESS)},
        // does not exist
        {"another name", ROW(QUERY "\x07" "example\x03" "com\x00" A_IN),
         ROW("\x12\x34\x85\x83\x00\x01\x00\x00\x00\x00\x00\x00\x07" "example\x03" "com\x00" A_IN)},
        {"the suffix itself", ROW(QUERY "\x05vault\x05" "azure\x03net\x00" A_IN),
         ROW("\x12\x34\x85\x83\x00\x01\x00\x00\x00\x00\x00\x00\x05vault\x05" "azure\x03net\x00" A_IN)},
        {"two labels below", ROW(QUERY "\x01x" VAULT A_IN), ROW("\x12\x34\x85\x83\x00\x01\x00\x00\x00\x00\x00\x00\x01x" VAULT A_IN)},
        {"one label with dots in it", ROW(QUERY "\x19login.microsoftonline.com\x00" A_IN),
         ROW("\x12\x34\x85\x83\x00\x01\x00\x00\x00\x00\x00\x00\x19login.microsoftonline.com\x00" A_IN)},
        {"the root", ROW(QUERY "\x00\x00\x02\x00\x01"), ROW("\x12\x34\x85\x83\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01")},
        // refused
        {"another class", ROW(QUERY VAULT "\x00\x01\x00\x03"), ROW("\x12\x34\x85\x85\x00\x01\x00\x00\x00\x00\x00\x00" VAULT "\x00\x01\x00\x03")},
        {"a later EDNS", ROW(HEAD("\x01\x00", ONE_AND_EDNS) VAULT A_IN "\x00\x00\x29\x04\xd0\x00\x01\x00\x00\x00\x00"),
         ROW("\x12\x34\x85\x80\x00\x01\x00\x00\x00\x00\x00\x01" VAULT A_IN "\x00\x00\x29\x04\xd0\x01\x00\x00\x00\x00\x00")},
        {"a status request", ROW(HEAD("\x10\x00", ONE) VAULT A_IN), ROW("\x12\x34\x94\x84\x00\x00\x00\x00\x00\x00\x00\x00")},
        {"an answer", ROW(HEAD("\x81\x80", ONE) VAULT A_IN), ROW("")},
        {"half a head", ROW("\x12\x34\x01\x00\x00\x01"), ROW("")},
        {"nothing", ROW(""), ROW("")},
    };
    struct names    names;
    struct dns_zone zone = zone_azure(&names);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        str got;
        CHECK_OK(dns_answer(t->call, &zone, CASES[i].query, &got));
        CHECK_ROW(str_eq(got, CASES[i].want), CASES[i].name);
    }
}

TEST(dns_read_refuses_what_is_no_plain_query)
{
    static const struct { const char *name; str query; } CASES[] = {
        {"no question", ROW(HEAD("\x01\x00", "\x00\x00\x00\x00\x00\x00\x00\x00"))},
        {"two questions", ROW(HEAD("\x01\x00", "\x00\x02\x00\x00\x00\x00\x00\x00") VAULT A_IN VAULT A_IN)},
        {"an answer in it", ROW(HEAD("\x01\x00", "\x00\x01\x00\x01\x00\x00\x00\x00") VAULT A_IN ADDRESS)},
        {"an authority in it", ROW(HEAD("\x01\x00", "\x00\x01\x00\x00\x00\x01\x00\x00") VAULT A_IN ADDRESS)},
        {"two additions", ROW(HEAD("\x01\x00", "\x00\x01\x00\x00\x00\x00\x00\x02") VAULT A_IN EDNS EDNS)},
        {"an addition that is missing", ROW(HEAD("\x01\x00", ONE_AND_EDNS) VAULT A_IN)},
        {"an addition other than OPT", ROW(HEAD("\x01\x00", ONE_AND_EDNS) VAULT A_IN "\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00")},
        {"OPT with a name", ROW(HEAD("\x01\x00", ONE_AND_EDNS) VAULT A_IN "\x01x\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00")},
        {"options that end early", ROW(HEAD("\x01\x00", ONE_AND_EDNS) VAULT A_IN "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x05\x00")},
        {"bytes behind the question", ROW(QUERY VAULT A_IN "\x00")},
        {"bytes behind OPT", ROW(HEAD("\x01\x00", ONE_AND_EDNS) VAULT A_IN EDNS "\x00")},
        {"a pointer to itself", ROW(QUERY "\xc0\x0c" A_IN)},
        {"a pointer after a label", ROW(QUERY "\x04shop\xc0\x0c" A_IN)},
        {"a label of 64 bytes", ROW(QUERY "\x40" "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl\x00" A_IN)},
        {"a name of 257 bytes", ROW(QUERY LABEL63 LABEL63 LABEL63 LABEL63 "\x00" A_IN)},
        {"a label that ends early", ROW(QUERY "\x09shop")},
        {"a name without its root", ROW(QUERY "\x04shop")},
        {"no type", ROW(QUERY VAULT)},
        {"half a class", ROW(QUERY VAULT "\x00\x01\x00")},
        {"truncated", ROW(HEAD("\x03\x00", ONE) VAULT A_IN)},
        {"an update", ROW(HEAD("\x28\x00", ONE) VAULT A_IN)},
        {"an answer", ROW(HEAD("\x81\x00", ONE) VAULT A_IN)},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct dns_query q;
        CHECK_ERR(dns_read(t->call, CASES[i].query, &q), ERR_DNS_INVALID, CASES[i].name);
    }
    struct dns_query q;
    char             long_[DNS_MAX_DATAGRAM_BYTES + 1] = {0};
    CHECK_ERR(dns_read(t->call, (str){long_, sizeof long_}, &q), ERR_DNS_INVALID, "too long");
}
