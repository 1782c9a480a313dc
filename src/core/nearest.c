#include "core/nearest.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool same(str a, size_t i, str b, size_t j)
{
    return char_lower(a.at[i]) == char_lower(b.at[j]);
}

// Optimal string alignment; of the table only the row being filled and the two before it are kept.
size_t nearest_slips(str a, str b, size_t most)
{
    uint16_t rows[3][NEAREST_MAX_BYTES + 1];
    size_t   apart = a.n > b.n ? a.n - b.n : b.n - a.n;
    if (a.n > NEAREST_MAX_BYTES || b.n > NEAREST_MAX_BYTES || apart > most) return most + 1;
    for (size_t j = 0; j <= b.n; j++) rows[0][j] = (uint16_t)j;
    for (size_t i = 1; i <= a.n; i++) {
        uint16_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        size_t    fewest = row[0] = (uint16_t)i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t n = least(least(above[j], row[j - 1]) + 1u, above[j - 1] + !same(a, i - 1, b, j - 1));
            if (i > 1 && j > 1 && same(a, i - 1, b, j - 2) && same(a, i - 2, b, j - 1)) n = least(n, before[j - 2] + 1u);
            row[j] = (uint16_t)n;
            fewest = least(fewest, n);
        }
        if (fewest > most) return most + 1; // it only grows from here
    }
    return least(rows[a.n % 3][b.n], most + 1);
}
