/*
 * assign.c - the best way to pair rows with columns.
 *
 * Taking the best pair first can spoil two good ones.  The Hungarian method does not:
 * rows are added one after the other, each along the cheapest chain "this row takes
 * that column, whose row takes another ...".  Potentials (a price for each row and
 * column) keep every reduced cost >= 0, so the chain is a shortest path, found as
 * Dijkstra finds it: O(n^3) in all.
 *
 *     cost = -gain;  reduced(i, j) = cost - price_row[i] - price_column[j] >= 0
 *
 * Each row also has a column of its own at cost 0, "no partner", so pairs of gain <= 0
 * never pay.  (Kuhn, "The Hungarian method for the assignment problem", 1955;
 * Jonker, Volgenant, "A shortest augmenting path algorithm", 1987.)
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include "models/track.h"

enum { N = TSR_TRACKS, COLUMNS = 2 * N };

typedef struct {
    const float (*gain)[N];
    int columns;                /* real ones; row i's "no partner" is columns + i */
    float price_row[N], price_column[COLUMNS];
    int row_of[COLUMNS];        /* -1: free */
} table;

static float cost(const table *t, int row, int column)
{
    if (column >= t->columns)
        return column == t->columns + row ? 0 : INFINITY;
    const float g = t->gain[row][column];
    return g > 0 ? -g : 0;      /* NaN, too */
}

/* One search from a new row: how far each column is, and from which column. */
typedef struct {
    float far[COLUMNS];
    int from[COLUMNS];          /* the column before it on the way; -1: the new row */
    bool done[COLUMNS];
} search;

/* Columns that row `row`, which was reached through column `via`, brings nearer. */
static void look(const table *t, search *s, int total, int row, int via)
{
    const float here = via < 0 ? 0 : s->far[via];
    for (int j = 0; j < total; j++) {
        const float d = here + cost(t, row, j) - t->price_row[row] - t->price_column[j];
        if (!s->done[j] && d < s->far[j]) {
            s->far[j] = d;
            s->from[j] = via;
        }
    }
}

static int nearest(const search *s, int total)
{
    int best = -1;
    for (int j = 0; j < total; j++)
        if (!s->done[j] && (best < 0 || s->far[j] < s->far[best]))
            best = j;
    return best;
}

/* Bring one more row in. */
static void add_row(table *t, int row, int total)
{
    search s;
    for (int j = 0; j < total; j++) {
        s.far[j] = INFINITY;
        s.from[j] = -1;
        s.done[j] = false;
    }
    look(t, &s, total, row, -1);
    int end = nearest(&s, total);           /* "no partner" is always in reach */
    while (t->row_of[end] >= 0) {
        s.done[end] = true;
        look(t, &s, total, t->row_of[end], end);
        end = nearest(&s, total);
    }
    /* Prices that make the new pairs cost nothing and leave no cost negative. */
    t->price_row[row] += s.far[end];
    for (int j = 0; j < total; j++)
        if (s.done[j]) {
            t->price_row[t->row_of[j]] += s.far[end] - s.far[j];
            t->price_column[j] -= s.far[end] - s.far[j];
        }
    for (int j = end; j >= 0; j = s.from[j])
        t->row_of[j] = s.from[j] >= 0 ? t->row_of[s.from[j]] : row;
}

void tsr_assign(const float (*gain)[TSR_TRACKS], int rows, int columns, int *column)
{
    table t = { .gain = gain, .columns = columns };
    const int total = columns + rows;
    for (int j = 0; j < total; j++)
        t.row_of[j] = -1;
    for (int i = 0; i < rows; i++)
        add_row(&t, i, total);
    for (int i = 0; i < rows; i++)
        column[i] = -1;
    for (int j = 0; j < columns; j++)
        if (t.row_of[j] >= 0 && gain[t.row_of[j]][j] > 0)
            column[t.row_of[j]] = j;
}
