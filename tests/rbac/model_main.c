/*
 * rbac-model [QUESTIONS [SEED]] - engine and model on random worlds; a million questions by default.
 */
#include <stdio.h>
#include <time.h>

#include "core/str.h"
#include "model_run.h"

int main(int argc, char **argv)
{
    uint64_t questions = 1000000, seed = (uint64_t)time(NULL);
    if ((argc > 1 && !str_to_u64(str_of(argv[1]), &questions)) || (argc > 2 && !str_to_u64(str_of(argv[2]), &seed)) || argc > 3) {
        fprintf(stderr, "usage: rbac-model [QUESTIONS [SEED]]\n");
        return 2;
    }
    struct model_tally t = model_run(seed, questions);
    printf("# seed %llu: %zu granted, %zu no role, %zu denied, %zu condition, %zu not yet\n", (unsigned long long)seed, t.reasons[0], t.reasons[1],
           t.reasons[2], t.reasons[3], t.reasons[4]);
    if (t.disagreements == 0) printf("ok rbac-model: R1 R2 R4 R5 the engine and the model agree on %llu questions\n", (unsigned long long)questions);
    else
        printf("not ok rbac-model: R1 R2 R4 R5 the engine and the model agree - %zu of %llu times they do not, seed %llu\n", t.disagreements,
               (unsigned long long)questions, (unsigned long long)seed);
    printf("# causes of an assignment: %zu none, %zu one, %zu two, %zu three, %zu four\n", t.causes[0], t.causes[1], t.causes[2], t.causes[3],
           t.causes[4]);
    if (t.false_causes == 0) printf("ok rbac-model: O4 every cause that an explanation names holds\n");
    else
        printf("not ok rbac-model: O4 every cause that an explanation names holds - %zu do not, seed %llu\n", t.false_causes,
               (unsigned long long)seed);
    return t.disagreements > 0 || t.false_causes > 0;
}
