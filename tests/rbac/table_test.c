#include "table.h"
#include "tree_places.h"

// R1-R8: what is allowed, by whom, and why not, in words.
TEST(decide_says_what_the_table_says)
{
    struct table_tally tally = table_run(t, DECISIONS_TABLE);
    CHECK(tally.rows >= 400);
    CHECK(tally.refusals * 2 > tally.rows);
}
