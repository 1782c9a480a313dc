// Gives every input that was ever worth keeping to its target: replay CORPUS_DIRECTORY [PART_OF_A_NAME ...]
#include <dirent.h>
#include <errno.h>

#include "fuzz.h"

#define MAX_INPUT_BYTES ((size_t)1 << 20)

static str read_file(const char *path, char *room)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    size_t n = fread(room, 1, MAX_INPUT_BYTES, f);
    fclose(f);
    return (str){room, n};
}

static size_t replay(const struct fuzz_target *target, const char *corpus, char *room)
{
    char   path[4096];
    size_t inputs = 0;
    snprintf(path, sizeof path, "%s/%s", corpus, target->name);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s/%s", corpus, target->name, e->d_name);
        str input = read_file(path, room);
        fuzz_run(target, (const uint8_t *)input.at, input.n);
        inputs++;
    }
    if (dir) closedir(dir);
    return inputs;
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (strstr(name, argv[i])) return true;
    return argc < 3;
}

int main(int argc, char **argv)
{
    size_t missing = 0, ran = 0;
    char  *room = malloc(MAX_INPUT_BYTES);
    if (argc < 2 || !room) {
        fprintf(stderr, "usage: %s CORPUS_DIRECTORY [PART_OF_A_NAME ...]\n", argv[0]);
        return 2;
    }
    for (const struct fuzz_target *target = fuzz_targets(); target; target = target->next) {
        if (!wanted(target->name, argc, argv)) continue;
        printf("# fuzz_%s\n", target->name); // so that a crash has a name
        fflush(stdout);
        size_t inputs = replay(target, argv[1], room);
        if (inputs) printf("ok fuzz_%s: %zu inputs\n", target->name, inputs);
        else printf("not ok fuzz_%s - no inputs in %s/%s\n", target->name, argv[1], target->name);
        missing += inputs == 0;
        ran++;
    }
    free(room);
    return ran == 0 || missing ? 1 : 0;
}
