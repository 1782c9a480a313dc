/*
 * crash_deployments.h - deployments under the axe: accepted one after the other until the server is killed.
 *
 * Started again, the server must carry each of them to its end: one that was answered is there, none stays half done, and
 * its operations agree with the resources that are there.
 */
#pragma once
#include "crash.h"
#include "server_process.h"

struct crash_deployments;

/* NULL: no directory in /tmp. */
struct crash_deployments *crash_deployments_new(void);
void                      crash_deployments_free(struct crash_deployments *d); /* with its directory */
/* Where it stays after a failure. */
const char *crash_deployments_directory(const struct crash_deployments *d);

pid_t         crash_deployments_start(void *context, unsigned round);
const char   *crash_deployments_write(void *context, unsigned round);
const char   *crash_deployments_verify(void *context);
unsigned long crash_deployments_acknowledged(const void *context);
