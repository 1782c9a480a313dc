/*
 * secret_file.h - a file that holds a secret, read whole.
 *
 * Layer:  client (uses core)
 */
#pragma once
#include "core/buf.h"
#include "core/secret.h"

enum secret_file_rule {
    SECRET_FILE_ANY,    /* links are followed: Kubernetes keeps mounted tokens behind one */
    SECRET_FILE_NO_LINK /* the name itself must be the file */
};

/*
 * Reads a regular file that is not empty. Never waits: a pipe or a device is no file.
 * Errors: ERR_IO - it is not there, cannot be read, or is none; ERR_TOO_LARGE; ERR_CONTENT_INVALID - it is empty. The words name it.
 */
FALLIBLE secret_file_read(struct call *c, const char *path, size_t most, enum secret_file_rule rule, struct secret *out);
