#include "model_run.h"
#include "test.h"

// R1-R5: the engine against a slow, obvious evaluator; the program rbac-model asks a million times.
TEST(decide_agrees_with_the_model)
{
    struct model_tally tally = model_run(1, 20000);
    CHECK_INT(tally.disagreements, 0, "disagreements");
    for (size_t i = 0; i < MODEL_REASONS; i++) CHECK(tally.reasons[i] > 200); // every reason is met
    CHECK_INT(tally.false_causes, 0, "causes that do not hold");
    for (size_t i = 0; i < 4; i++) CHECK(tally.causes[i] > 20); // none, one, two and three causes are met
}
