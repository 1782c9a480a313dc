#include "ops/write_only.h"

#include "test.h"

TEST(write_only_members_are_left_out)
{
    static const struct { const char *sent, *kept; } CASES[] = {
        {"{}", "{}"},
        {"{\"tags\":{\"password\":\"a tag\"}}", "{\"tags\":{\"password\":\"a tag\"}}"},
        {"{\"properties\":7}", "{\"properties\":7}"},
        {"{\"properties\":{\"osProfile\":{\"adminUsername\":\"ops\",\"adminPassword\":\"LANYARD-SECRET\",\"customData\":\"eA==\"}}}",
         "{\"properties\":{\"osProfile\":{\"adminUsername\":\"ops\"}}}"},
        {"{\"properties\":{\"virtualMachineProfile\":{\"osProfile\":{\"ADMINPASSWORD\":\"LANYARD-SECRET\"}}}}",
         "{\"properties\":{\"virtualMachineProfile\":{\"osProfile\":{}}}}"},
        {"{\"properties\":{\"administratorLogin\":\"sa\",\"administratorLoginPassword\":\"LANYARD-SECRET\"}}",
         "{\"properties\":{\"administratorLogin\":\"sa\"}}"},
        {"{\"properties\":{\"containers\":[{\"env\":[{\"name\":\"A\",\"secureValue\":\"LANYARD-SECRET\"},{\"name\":\"B\",\"value\":\"b\"}]}]}}",
         "{\"properties\":{\"containers\":[{\"env\":[{\"name\":\"A\"},{\"name\":\"B\",\"value\":\"b\"}]}]}}"},
        {"{\"properties\":{\"configuration\":{\"secrets\":[{\"name\":\"key\",\"value\":\"LANYARD-SECRET\"}]}}}",
         "{\"properties\":{\"configuration\":{\"secrets\":[{\"name\":\"key\"}]}}}"},
        {"{\"properties\":{\"settings\":{\"value\":1},\"protectedSettings\":{\"key\":\"LANYARD-SECRET\"}}}", "{\"properties\":{\"settings\":{\"value\":1}}}"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        const struct json *sent = NULL, *kept = NULL;
        str                text = STR_NONE;
        CHECK_OK(json_parse(t->call, str_of(CASES[i].sent), &sent));
        CHECK_OK(write_only_strip(t->call, sent, &kept));
        CHECK_OK(json_text(t->call, kept, &text));
        CHECK_STR(text, str_of(CASES[i].kept), CASES[i].sent);
    }
}
