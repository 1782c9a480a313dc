/*
 * pages.h - room for large tables that are read at random places.
 *
 * A look into a table of many small pages costs a second look, for where the page is; in a virtual machine several. So
 * the system is asked for huge pages (2 MiB), which it may or may not give.
 *
 * Layer:  core
 * Source: https://man7.org/linux/man-pages/man2/madvise.2.html (MADV_HUGEPAGE)
 */
#pragma once
#include "core/base.h"

/* `n` things of `size` bytes, zeroed, at the beginning of a cache line (64 bytes), for free(); NULL: no memory. */
void *pages_alloc(size_t n, size_t size) MUST_USE;
