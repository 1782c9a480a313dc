/*
 * page.h - lists in pages: how many items one request gets, and where the next request continues.
 *
 * A list is walked in the order of its keys, from the first key after the last one of the
 * previous page. So an item that exists during the whole walk is returned exactly once, whatever
 * is written between two pages. A page ends when it has the number of items that was asked for,
 * or when PAGE_MAX_LOOKS items were examined: a filter that few items pass makes short pages,
 * even empty ones, each with a link to the next.
 *
 *     page_begin(...); walk from page.after on { if (page_takes(&page, key, belongs)) write the item; stop if page.is_full }
 *     if (page.is_full) page_link(...)
 *
 * The link carries a cursor: the last key, sealed, for it may be that of an item that the caller may not see. A cursor is
 * valid for the list that gave it (path and $filter) and for the caller that it was given to, and for no other.
 *
 * Layer:  endpoints (uses all above)
 */
#pragma once
#include "endpoints/service.h"

#define PAGE_MAX_LOOKS     5000 /* items looked at for one page */
#define PAGE_MAX_KEY_BYTES 4096

struct page {
    str    after;   /* the key at which the page before ended; empty: the first page */
    size_t room;    /* items that it may still take */
    size_t looks;   /* items that may still be looked at */
    str    last;    /* the key that was looked at last */
    bool   is_full; /* the walk is not at its end, and the page is */
};

/* A page of at most `room` items. Errors: ERR_PARAMETER_INVALID - the request's $skiptoken is no cursor of this list */
FALLIBLE page_begin(struct call *c, const struct wire *q, size_t room, struct page *out);
/* The same for keys that are guids: `after` is then NULL for the first page. Lives: the call. */
FALLIBLE page_begin_guids(struct call *c, const struct wire *q, size_t room, struct page *out, const guid **after);

/*
 * The next item of the walk: true if the page takes it, which is then to be written. `belongs` says whether
 * the list has it. After is_full nothing more may be offered.
 * Lives:  `key` is kept until page_link.
 */
bool page_takes(struct page *page, str key, bool belongs);

/* The cursor for the page that goes on behind `last`. */
FALLIBLE page_cursor(struct call *c, const struct wire *q, str last, str *out);
/* The same request again, but with the cursor: absolute, as clients demand. `plain_dollar`: "$top" rather than "%24top". */
FALLIBLE page_link(struct call *c, const struct wire *q, const struct page *page, bool plain_dollar, str *out);
