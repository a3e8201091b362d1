/*
 * plan_halves.c - see plan_halves.h.
 *
 * Of two threads one writes the first half of each tensor, the other the second (see
 * threads.c), and what a core has written is in its cache.  Tensors take turns in the
 * same memory, though, and where one's first half lies over another's second half, every
 * line of it must be fetched from the other core before it can be written over:
 *
 *     before   |--- 1 ---|--- 2 ---|        meeting in the middle   |--- 1 ---|--- 2 ---|
 *     now      |1|2|                                                        |1|2|
 *                ^ lines of the other core                       (nothing to fetch)
 *
 * In published networks that was five lines for each that a thread really reads from the
 * other, across the edge of its half.  A plan leaves gaps above and below most tensors, so
 * each, in the order in which they are written, is moved to where it meets fewest lines of
 * the other core.  Halves of four threads' quarters are halves, too.
 *
 * Memory is looked at in cells: a map of 512 says who wrote each last.
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <string.h>
#include "engine/plan.h"
#include "engine/plan_halves.h"

enum { CELLS = 512 };

typedef struct {
    size_t cell;                        /* bytes, a multiple of the plan's alignment */
    unsigned char owner[CELLS];         /* 0: nobody yet, 1 or 2 */
    uint16_t before[3][CELLS + 1];      /* cells of each owner before this one */
} map;

static void count(map *m)
{
    for (int i = 0; i < CELLS; i++) {
        for (int w = 0; w < 3; w++)
            m->before[w][i + 1] = m->before[w][i];
        m->before[m->owner[i]][i + 1]++;
    }
}

/* Cells of the other core that a span would be written over. */
static int meets(const map *m, const tsr_plan_span *s, size_t offset)
{
    const size_t first = offset / m->cell, end = (offset + s->bytes - 1) / m->cell + 1;
    const size_t middle = (offset + s->bytes / 2) / m->cell;
    return m->before[2][middle] - m->before[2][first] + m->before[1][end] - m->before[1][middle];
}

/* The caller writes the inputs, alone. */
static void paint(map *m, const tsr_plan_span *s)
{
    const size_t first = s->offset / m->cell, end = (s->offset + s->bytes - 1) / m->cell + 1;
    const size_t middle = s->first == 0 ? end : (s->offset + s->bytes / 2) / m->cell;
    memset(m->owner + first, 1, middle - first);
    memset(m->owner + middle, 2, end - middle);
}

static size_t align_up(size_t n)
{
    return (n + TSR_PLAN_ALIGN - 1) & ~(size_t)(TSR_PLAN_ALIGN - 1);
}

/* Between which offsets may a span lie, all others being where they are? */
static void find_room(const tsr_plan_halves *plan, const tsr_plan_span *s, size_t *low,
                      size_t *high)
{
    size_t end = plan->total;
    for (int t = s->first; t <= s->last; t++)
        if (t > 0 && t <= plan->nodes && plan->top[t - 1] < end)
            end = plan->top[t - 1];
    const size_t floor = plan->total - plan->total / 8;
    end = end < floor ? floor : end;
    *low = 0;
    for (int i = 0; i < plan->count; i++) {
        const tsr_plan_span *o = &plan->spans[plan->order[i]];
        if (o == s || !o->bytes || o->first > s->last || o->last < s->first)
            continue;
        const size_t after = align_up(o->offset + o->bytes);
        if (o->offset < s->offset)
            *low = after > *low ? after : *low;
        else
            end = o->offset < end ? o->offset : end;
    }
    *high = end - align_up(s->bytes);
}

void tsr_plan_align_halves(const tsr_plan_halves *plan)
{
    map m = { .cell = align_up(plan->total / CELLS + 1) };
    for (int i = 0; i < plan->count; i++) {
        tsr_plan_span *s = &plan->spans[plan->order[i]];
        if (!s->bytes)
            continue;
        size_t low, high;
        find_room(plan, s, &low, &high);
        count(&m);
        int least = s->first == 0 ? 0 : meets(&m, s, s->offset);
        for (size_t at = low; at <= high && least > 0; at += m.cell) {
            const int met = meets(&m, s, at);
            if (met < least)
                least = met, s->offset = at;
        }
        paint(&m, s);
    }
}
