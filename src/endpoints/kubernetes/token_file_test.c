#include "endpoints/kubernetes/token_file.h"

#include "test.h"

TEST(T7_a_token_is_replaced_well_before_it_ends)
{
    CHECK_INT(token_file_due_s(1000, 4600), 3880, "an hour");
    CHECK_INT(token_file_due_s(0, 10), 8, "short");
    CHECK_INT(token_file_due_s(5, 5), 5, "none");
}
