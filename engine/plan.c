/* plan.c - see plan.h.   SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "engine/plan.h"
#include "engine/plan_halves.h"
#include "engine/platform.h"

/* Time runs from 0 (the caller writes the inputs) over node i at i + 1 to
 * node_count + 1 (the caller reads the outputs). */
typedef tsr_plan_span span;

typedef struct {
    const tsr_graph *g;
    int *root;                  /* value -> the value whose span it shares */
    span *spans;                /* indexed by root value */
    int *order, order_count;    /* roots to place */
    int *placed;                /* roots placed, by rising offset */
} planner;

static bool is_activation(const tsr_graph *g, int v) { return v >= 0 && !g->values[v].t.data; }

static int find(const planner *p, int v)
{
    while (p->root[v] != v)
        v = p->root[v];
    return v;
}

static void use_at(planner *p, int v, int time)
{
    if (!is_activation(p->g, v))
        return;
    span *s = &p->spans[find(p, v)];
    if (s->last < time)
        s->last = time;
}

/* Last use of every value on its own, before anything is shared. */
static void lifetimes(planner *p, bool keep_all)
{
    const tsr_graph *g = p->g;
    for (int v = 0; v < g->value_count; v++)
        p->spans[v] = (span){ .first = 0, .last = -1, .bytes = tsr_bytes(&g->values[v].t) };
    for (int i = 0; i < g->input_count; i++)
        use_at(p, g->inputs[i], 0);
    for (int i = 0; i < g->node_count; i++) {
        const tsr_node *n = &g->nodes[i];
        for (int k = 0; k < n->out_count; k++) {
            p->spans[n->out[k]].first = i + 1;
            use_at(p, n->out[k], keep_all ? g->node_count + 1 : i + 1);
        }
        for (int k = 0; k < n->in_count; k++)
            use_at(p, n->in[k], keep_all ? g->node_count + 1 : i + 1);
    }
    for (int i = 0; i < g->output_count; i++)
        use_at(p, g->outputs[i], g->node_count + 1);
}

static void merge(planner *p, int from, int into)
{
    span *a = &p->spans[into], *b = &p->spans[from];
    if (a->last < b->last)
        a->last = b->last;
    b->last = -1;
    p->root[from] = into;
}

/* May node i write its result over its operand `v`?  Only if this is the
 * operand's last use and no other operand shares those bytes in another slot
 * that the kernel might read later. */
static bool can_overwrite(const planner *p, const tsr_node *n, int i, int v)
{
    if (!is_activation(p->g, v))
        return false;
    const int root = find(p, v);
    const tsr_tensor *out = &p->g->values[n->out[0]].t;
    return p->spans[root].last == i + 1 && p->spans[root].bytes == tsr_bytes(out)
        && tsr_bytes(&p->g->values[v].t) == tsr_bytes(out);
}

static bool shared_elsewhere(const planner *p, const tsr_node *n, int slot)
{
    const int root = find(p, n->in[slot]);
    for (int k = 0; k < n->in_count; k++)
        if (k != slot && is_activation(p->g, n->in[k]) && find(p, n->in[k]) == root)
            return true;
    return false;
}

static void share(planner *p, bool keep_all)
{
    const tsr_graph *g = p->g;
    for (int i = 0; i < g->node_count; i++) {
        const tsr_node *n = &g->nodes[i];
        const unsigned flags = g->ops[n->kind]->flags;
        if (flags & TSR_OP_VIEW) {
            if (is_activation(g, n->in[0]))
                merge(p, n->out[0], find(p, n->in[0]));
        } else if (keep_all) {
            continue;
        } else if ((flags & TSR_OP_IN_PLACE) && can_overwrite(p, n, i, n->in[0])) {
            merge(p, n->out[0], find(p, n->in[0]));
        } else if ((flags & TSR_OP_IN_PLACE_RESIDUAL) && n->in_count > 3
                   && can_overwrite(p, n, i, n->in[3]) && !shared_elsewhere(p, n, 3)) {
            merge(p, n->out[0], find(p, n->in[3]));
        }
    }
}

static bool overlap(const span *a, const span *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static size_t align_up(size_t n)
{
    return (n + TSR_PLAN_ALIGN - 1) & ~(size_t)(TSR_PLAN_ALIGN - 1);
}

/* Place the spans in p->order one after the other, each into the lowest gap
 * that fits.  Returns the height of the pile, or what it has reached when it is no lower
 * than `enough`: most orders that search() tries are dismissed early. */
static size_t place(planner *p, size_t enough)
{
    size_t top = 0;
    for (int i = 0; i < p->order_count && top < enough; i++) {
        span *s = &p->spans[p->order[i]];
        size_t at = 0;
        for (int k = 0; k < i; k++) {
            const span *o = &p->spans[p->placed[k]];
            if (!overlap(s, o) || o->offset + align_up(o->bytes) <= at)
                continue;
            if (o->offset >= at + s->bytes)
                break;                  /* by rising offset: the gap before it fits */
            at = o->offset + align_up(o->bytes);
        }
        s->offset = at;
        int k = i;
        for (; k > 0 && p->spans[p->placed[k - 1]].offset > at; k--)
            p->placed[k] = p->placed[k - 1];
        p->placed[k] = p->order[i];
        if (top < at + align_up(s->bytes))
            top = at + align_up(s->bytes);
    }
    return top;
}

static void swap(int *x, int *y)
{
    const int t = *x;
    *x = *y, *y = t;
}

/* Insertion sort would be quadratic on a sorted file; heap sort never is. */
static bool before(const planner *p, int a, int b)
{
    const span *x = &p->spans[a], *y = &p->spans[b];
    return x->bytes != y->bytes ? x->bytes > y->bytes : a < b;
}

static void sift(planner *p, int i, int n)
{
    for (int child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && before(p, p->order[child], p->order[child + 1]))
            child++;
        if (!before(p, p->order[i], p->order[child]))
            return;
        swap(&p->order[i], &p->order[child]);
    }
}

static void sort_large_first(planner *p)
{
    for (int i = p->order_count / 2; i-- > 0;)
        sift(p, i, p->order_count);
    for (int n = p->order_count - 1; n > 0; n--) {
        swap(&p->order[0], &p->order[n]);
        sift(p, 0, n);
    }
}

/* Bytes alive at each moment, by a sweep over births and deaths. */
static size_t live_bound(const planner *p, size_t *change, size_t *live)
{
    for (int i = 0; i < p->order_count; i++) {
        const span *s = &p->spans[p->order[i]];
        change[s->first] += s->bytes;
        change[s->last + 1] -= s->bytes;        /* unsigned: wraps and comes back */
    }
    size_t alive = 0, most = 0;
    for (int t = 0; t <= p->g->node_count + 1; t++) {
        alive += change[t];
        if (t > 0 && t <= p->g->node_count)
            live[t - 1] = alive;
        most = alive > most ? alive : most;
    }
    return most;
}

static void keep_offsets(const planner *p, size_t *offset)
{
    for (int v = 0; v < p->g->value_count; v++) {
        const span *s = &p->spans[find(p, v)];
        offset[v] = is_activation(p->g, v) && s->last >= s->first ? s->offset : SIZE_MAX;
    }
}

/* The roots that are ever alive, in order of their values: of execution. */
static void list_roots(planner *p)
{
    p->order_count = 0;
    for (int v = 0; v < p->g->value_count; v++)
        if (p->root[v] == v && is_activation(p->g, v) && p->spans[v].last >= p->spans[v].first)
            p->order[p->order_count++] = v;
}

/* Place in the present order; keep the result if it is the best so far. */
static bool try_order(planner *p, tsr_plan *plan)
{
    const size_t total = place(p, plan->total_bytes);
    if (total >= plan->total_bytes)
        return false;
    plan->total_bytes = total;
    keep_offsets(p, plan->one.offset);
    return true;
}

/* Where neither order comes near the bound, exchange two places in the order of
 * size at a time and keep what helps; always the same exchanges, so a model
 * has always the same plan. */
static void search(planner *p, tsr_plan *plan)
{
    enum { MOST_SPANS = 256, TRIES = 400 };
    const int n = p->order_count;
    uint32_t seed = 1;
    if (n > MOST_SPANS || n < 2)
        return;
    const size_t good = plan->live_bound_bytes + plan->live_bound_bytes / 256;
    for (int i = 0; i < TRIES && plan->total_bytes > good; i++) {
        seed = seed * 1664525u + 1013904223u;
        int *x = &p->order[(seed >> 8) % (uint32_t)n];
        seed = seed * 1664525u + 1013904223u;
        int *y = &p->order[(seed >> 8) % (uint32_t)n];
        swap(x, y);
        if (!try_order(p, plan))
            swap(x, y);
    }
}

/* The first moment from t on that is not painted yet. */
static int unpainted(int *next, int t)
{
    while (next[t] != t) {
        next[t] = next[next[t]];
        t = next[t];
    }
    return t;
}

/* How high the arena is while each node runs: spans paint their lives, those that end
 * highest first, and what is painted keeps its colour.  The plan is made; this uses up
 * the spans' sizes.  `next` has room for every moment and two more. */
static void find_tops(planner *p, const tsr_places *places, int *next)
{
    const int moments = p->g->node_count + 2;
    for (int i = 0; i < p->order_count; i++) {
        const int root = p->order[i];
        p->spans[root].bytes = places->offset[root] + align_up(p->spans[root].bytes);
    }
    sort_large_first(p);
    for (int t = 0; t <= moments; t++)
        next[t] = t;
    for (int i = 0; i < p->order_count; i++) {
        const span *s = &p->spans[p->order[i]];
        for (int t = s->first; (t = unpainted(next, t)) <= s->last; next[t] = t + 1)
            if (t > 0 && t <= p->g->node_count)
                places->top_bytes[t - 1] = s->bytes;
    }
}

/* The same plan, moved a little to suit several threads: plan_halves.h. */
static void align_halves(planner *p, const tsr_plan *plan, int *next)
{
    list_roots(p);
    for (int i = 0; i < p->order_count; i++) {
        const int root = p->order[i];
        p->spans[root].bytes = tsr_bytes(&p->g->values[root].t);
        p->spans[root].offset = plan->one.offset[root];
    }
    tsr_plan_align_halves(&(tsr_plan_halves){
        .spans = p->spans, .order = p->order, .count = p->order_count,
        .top = plan->one.top_bytes, .nodes = p->g->node_count, .total = plan->total_bytes,
    });
    keep_offsets(p, plan->several.offset);
    find_tops(p, &plan->several, next);
}

static tsr_places new_places(const tsr_graph *g)
{
    return (tsr_places){
        tsr_pool_alloc(g->pool, ((size_t)g->value_count + 1) * sizeof(size_t), sizeof(size_t)),
        tsr_pool_alloc(g->pool, ((size_t)g->node_count + 1) * sizeof(size_t), sizeof(size_t)),
    };
}

tsr_status tsr_plan_make(const tsr_graph *g, bool keep_all, tsr_plan *plan, tsr_error *err)
{
    const size_t n = (size_t)g->value_count + 1;
    planner p = {
        .g = g,
        .root = tsr_pool_alloc(g->pool, n * sizeof(int), sizeof(int)),
        .spans = tsr_pool_alloc(g->pool, n * sizeof(span), sizeof(void *)),
        .order = tsr_pool_alloc(g->pool, n * sizeof(int), sizeof(int)),
        .placed = tsr_pool_alloc(g->pool, n * sizeof(int), sizeof(int)),
    };
    const size_t moments = (size_t)g->node_count + 3;
    size_t *change = tsr_pool_alloc(g->pool, moments * sizeof *change, sizeof *change);
    int *next = tsr_pool_alloc(g->pool, moments * sizeof *next, sizeof *next);
    *plan = (tsr_plan){
        .one = new_places(g),
        .activation = tsr_pool_alloc(g->pool, n * sizeof(int), sizeof(int)),
        .live_bytes = tsr_pool_alloc(g->pool, moments * sizeof(size_t), sizeof(size_t)),
    };
    /* Where all is kept nothing takes turns, and without threads nobody minds. */
    plan->several = keep_all || !TSR_HOST ? plan->one : new_places(g);
    if (!p.root || !p.spans || !p.order || !p.placed || !change || !next || !plan->one.offset
        || !plan->one.top_bytes || !plan->several.offset || !plan->several.top_bytes
        || !plan->activation || !plan->live_bytes)
        return tsr_fail(err, TSR_NO_MEMORY, "no memory to plan %d values", g->value_count);

    for (int v = 0; v < g->value_count; v++)
        p.root[v] = v;
    lifetimes(&p, keep_all);
    share(&p, keep_all);
    list_roots(&p);
    plan->live_bound_bytes = live_bound(&p, change, plan->live_bytes);
    plan->total_bytes = SIZE_MAX;
    sort_large_first(&p);               /* first: of equals it leaves more at the top free */
    try_order(&p, plan);
    list_roots(&p);
    try_order(&p, plan);
    sort_large_first(&p);
    search(&p, plan);
    find_tops(&p, &plan->one, next);
    if (plan->several.offset != plan->one.offset)
        align_halves(&p, plan, next);
    for (int v = 0; v < g->value_count; v++)
        plan->activation[v] = plan->one.offset[v] == SIZE_MAX ? -1 : plan->activation_count++;
    return TSR_OK;
}
