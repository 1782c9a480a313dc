#include "power.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crash.h"

enum { SECTOR_BYTES = 512, IMAGES_MAX = 8, PATH_BYTES = 512 };

// A write, or with data NULL a cut to `offset`, that no flush has followed yet.
struct change {
    struct change *next;
    sqlite3_int64  offset;
    size_t         n;
    uint8_t       *data;
};

// What the disk has of a file, and what it has not.
struct image {
    char           path[PATH_BYTES]; // empty: free
    uint8_t       *at;
    size_t         n, room;
    struct change *first, **last;
};

static struct {
    char         directory[PATH_BYTES];
    unsigned     steps_left; // 0: dark
    struct image images[IMAGES_MAX];
} disk;

bool power_is_on(void)
{
    return disk.steps_left > 0;
}

static void *must_have(void *at, size_t n)
{
    void *fresh = realloc(at, n);
    if (!fresh) abort();
    return fresh;
}

static void resize(struct image *image, size_t n)
{
    if (n >= image->room) image->at = must_have(image->at, image->room = 2 * n + 1);
    if (n > image->n) memset(image->at + image->n, 0, n - image->n);
    image->n = n;
}

static void land(struct image *image, size_t offset, const uint8_t *data, size_t n)
{
    if (offset + n > image->n) resize(image, offset + n);
    memcpy(image->at + offset, data, n);
}

// Brings what was changed to the disk, all of it or by chance, and forgets the rest.
static void flush(struct image *image, bool all)
{
    for (struct change *c = image->first, *next; c; c = next) {
        next = c->next;
        if (!c->data && (all || crash_random(2))) resize(image, (size_t)c->offset);
        for (size_t at = 0; c->data && at < c->n; at += SECTOR_BYTES) {
            size_t n = c->n - at < SECTOR_BYTES ? c->n - at : SECTOR_BYTES;
            if (all || crash_random(2)) land(image, (size_t)c->offset + at, c->data + at, n);
        }
        free(c->data);
        free(c);
    }
    image->first = NULL;
    image->last = &image->first;
}

// True while the step still happens on a disk with power.
static bool step(void)
{
    if (!disk.steps_left) return false;
    if (--disk.steps_left) return true;
    for (struct image *i = disk.images; i < disk.images + IMAGES_MAX; i++)
        if (i->path[0]) flush(i, false);
    return false;
}

static void keep_apart(struct image *image, sqlite3_int64 offset, const void *data, size_t n)
{
    struct change *c = must_have(NULL, sizeof *c);
    *c = (struct change){.offset = offset, .n = n, .data = data ? memcpy(must_have(NULL, n), data, n) : NULL};
    *image->last = c;
    image->last = &c->next;
}

static struct image *image_at(const char *path)
{
    for (struct image *i = disk.images; i < disk.images + IMAGES_MAX; i++)
        if (strcmp(i->path, path) == 0) return i;
    return NULL;
}

// A file that is there when it is first opened is on the disk.
static void load(struct image *image)
{
    struct stat st;
    int         fd = open(image->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) abort();
    resize(image, (size_t)st.st_size);
    if (read(fd, image->at, image->n) != (ssize_t)image->n) abort();
    close(fd);
}

static struct image *follow(const char *path)
{
    struct image *image = image_at(path);
    if (image) return image;
    if (!disk.steps_left) return NULL;
    image = image_at("");
    if (!image) abort();
    snprintf(image->path, sizeof image->path, "%s", path);
    image->last = &image->first;
    load(image);
    return image;
}

static void forget(struct image *image)
{
    flush(image, true);
    free(image->at);
    *image = (struct image){0};
}

// SQLite's own way to its files, with ours put in between.

struct followed {
    sqlite3_file  base;
    struct image *image; // NULL: goes straight through
    sqlite3_file  real;  // larger than its type: the rest of the room
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return &CONTAINER_OF(file, struct followed, base)->real;
}

static struct image *image_of(sqlite3_file *file)
{
    return CONTAINER_OF(file, struct followed, base)->image;
}

static int on_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 offset)
{
    if (step() && image_of(file)) keep_apart(image_of(file), offset, data, (size_t)n);
    return real_of(file)->pMethods->xWrite(real_of(file), data, n, offset);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 n)
{
    if (step() && image_of(file)) keep_apart(image_of(file), n, NULL, 0);
    return real_of(file)->pMethods->xTruncate(real_of(file), n);
}

// Only what was to be on the disk has to be there, so the machine's own disk need not be waited for.
static int on_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (step() && image_of(file)) flush(image_of(file), true);
    return SQLITE_OK;
}

// Everything else goes straight through.
#define FORWARD(verb, parameters, ...)                                        \
    static int on_##verb parameters                                           \
    {                                                                         \
        return real_of(file)->pMethods->x##verb(real_of(file), ##__VA_ARGS__); \
    }
FORWARD(Close, (sqlite3_file * file))
FORWARD(Read, (sqlite3_file * file, void *to, int n, sqlite3_int64 offset), to, n, offset)
FORWARD(FileSize, (sqlite3_file * file, sqlite3_int64 *out), out)
FORWARD(Lock, (sqlite3_file * file, int level), level)
FORWARD(Unlock, (sqlite3_file * file, int level), level)
FORWARD(CheckReservedLock, (sqlite3_file * file, int *out), out)
FORWARD(FileControl, (sqlite3_file * file, int op, void *argument), op, argument)
FORWARD(SectorSize, (sqlite3_file * file))
FORWARD(DeviceCharacteristics, (sqlite3_file * file))
FORWARD(ShmMap, (sqlite3_file * file, int page, int size, int extend, void volatile **out), page, size, extend, out)
FORWARD(ShmLock, (sqlite3_file * file, int offset, int n, int flags), offset, n, flags)
FORWARD(ShmUnmap, (sqlite3_file * file, int remove_it), remove_it)

static void on_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 2, // without xFetch: no file is mapped into memory
    .xClose = on_Close,
    .xRead = on_Read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_FileSize,
    .xLock = on_Lock,
    .xUnlock = on_Unlock,
    .xCheckReservedLock = on_CheckReservedLock,
    .xFileControl = on_FileControl,
    .xSectorSize = on_SectorSize,
    .xDeviceCharacteristics = on_DeviceCharacteristics,
    .xShmMap = on_ShmMap,
    .xShmLock = on_ShmLock,
    .xShmBarrier = on_barrier,
    .xShmUnmap = on_ShmUnmap,
};

static sqlite3_vfs *system_vfs;

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct followed *f = CONTAINER_OF(file, struct followed, base);
    (void)vfs;
    f->base.pMethods = NULL;
    int code = system_vfs->xOpen(system_vfs, name, &f->real, flags, out_flags);
    if (code != SQLITE_OK) return code;
    bool is_ours = name && strncmp(name, disk.directory, strlen(disk.directory)) == 0;
    f->image = is_ours ? follow(name) : NULL;
    f->base.pMethods = &METHODS;
    return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int flush_directory)
{
    struct image *image = image_at(name);
    (void)vfs;
    if (step() && image) forget(image);
    return system_vfs->xDelete(system_vfs, name, flush_directory);
}

static void stand_between(void)
{
    static sqlite3_vfs ours;
    if (system_vfs) return;
    system_vfs = sqlite3_vfs_find(NULL);
    ours = *system_vfs;
    ours.zName = "power";
    ours.szOsFile = (int)sizeof(struct followed) + system_vfs->szOsFile;
    ours.xOpen = on_open;
    ours.xDelete = on_delete;
    if (sqlite3_vfs_register(&ours, 1) != SQLITE_OK) abort();
}

void power_on(const char *directory, unsigned steps)
{
    stand_between();
    snprintf(disk.directory, sizeof disk.directory, "%s/", directory);
    disk.steps_left = steps;
}

static bool lay_out(const struct image *image)
{
    int  fd = open(image->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool done = fd >= 0 && write(fd, image->at, image->n) == (ssize_t)image->n;
    if (fd >= 0) close(fd);
    return done;
}

bool power_after(const char *directory)
{
    static const char *const MADE_IN_THE_DARK[] = {"shm", "wal", "journal"}; // or never on the disk
    bool                     done = true;
    char                     path[PATH_BYTES + 32];
    for (size_t i = 0; i < COUNT(MADE_IN_THE_DARK); i++) {
        snprintf(path, sizeof path, "%s/lanyard.db-%s", directory, MADE_IN_THE_DARK[i]);
        unlink(path);
    }
    for (struct image *i = disk.images; i < disk.images + IMAGES_MAX; i++) {
        if (!i->path[0]) continue;
        done &= lay_out(i);
        forget(i);
    }
    disk.directory[0] = '\0';
    return done;
}
