/*
 * test_robustness.c - damaged files and blocks that are too small.
 *
 * Each model (hand-made ones, and small published ones in TARSIER_MODELS) is
 *
 *     cut off      at every byte, or at evenly spaced ones of a large file
 *     overwritten  in 1 to 4 random places, 20,000 times (large files 500 times;
 *                  TARSIER_FUZZ sets it for all), or until its time is up
 *
 * and what becomes of it is loaded; if it loads, a session is opened in a block
 * of exactly the size asked for and run on random bytes.  Right is an error
 * with a sentence, or a model that runs.  Wrong is a crash (run this under
 * AddressSanitizer and UBSan), a hang, memory that a small file has no right
 * to, a leak.
 *
 *     test_robustness ['tiny s8*' [SEED]]
 *
 * runs the tests whose names match only, with damage of another series.
 *
 * A file and a session are blocks of their exact size, so that the sanitizer
 * sees a single byte too many.  Damage number i of a model is always the same.
 * SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "engine/session.h"
#include "tests/golden_io.h"
#include "tests/tiny_models.h"
#include "tests/tiny_onnx.h"

enum {
    MAX_SESSION = 64 << 20,     /* larger sessions are not opened */
    MAX_MACS = 4 << 20,         /* nor is anything run that would take long, */
    MAX_ELEMENTS = 2 << 20,
    HANG_SECONDS = 60,
    MODEL_SECONDS = 15,         /* then a model has had its share; TARSIER_FUZZ set: 600 */
};

typedef struct {
    char name[64];
    golden_file file;
} specimen;

static specimen specimens[24];
static int specimen_count;

/* ---- randomness, memory, time ---------------------------------------------- */

static uint32_t seed, series;   /* now; what it starts from, 0 unless asked for */

static uint32_t roll(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

/* What the loader took from us. */
typedef struct {
    size_t total, limit;
    long blocks;                /* not yet given back */
    long countdown;             /* the allocation that fails; -1: none */
    bool greedy;
} ledger;

static void *take(void *ctx, size_t bytes)
{
    ledger *l = ctx;
    if (l->countdown == 0)
        return NULL;
    l->countdown -= l->countdown > 0;
    if (bytes > l->limit - l->total) {
        l->greedy = true;
        return NULL;
    }
    l->total += bytes;
    l->blocks++;
    return malloc(bytes);
}

static void give_back(void *ctx, void *block)
{
    ((ledger *)ctx)->blocks--;
    free(block);
}

/* No model needs more to load than this: decoded halves, packed constants. */
static ledger new_ledger(size_t file_bytes)
{
    return (ledger){ .limit = 40 * file_bytes + (16 << 20), .countdown = -1 };
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* What is being done; TARSIER_TRACE=1 prints it, so that the last line before a
 * death names the cause. */
static char doing[128];

static void begin(const specimen *s, const char *what, size_t number)
{
    snprintf(doing, sizeof doing, "%s, %s %zu\n", s->name, what, number);
    if (getenv("TARSIER_TRACE")) {
        const ssize_t n = write(STDERR_FILENO, doing, strlen(doing));
        (void)n;
    }
}

/* ---- one damaged file --------------------------------------------------------- */

static bool worth_running(const tsr_model *m)
{
    uint64_t macs = 0, elements = 0;
    for (int i = 0; i < m->graph.node_count; i++)
        macs += tsr_node_macs(&m->graph, &m->graph.nodes[i]);
    for (int v = 0; v < m->graph.value_count; v++)
        elements += tsr_elements(&m->graph.values[v].t);
    return macs < MAX_MACS && elements < MAX_ELEMENTS;
}

static void run_in(const tsr_model *m, void *block, size_t bytes)
{
    tsr_session *s;
    tsr_error err = { 0 };
    if (tsr_session_open(m, NULL, block, bytes, &s, &err) != TSR_OK)
        fail_msg("%s: the block has the size asked for, but: %s", doing, err.text);
    for (int k = 0; tsr_input(s, k); k++) {
        tsr_tensor *t = tsr_input(s, k);
        for (size_t i = 0; i < tsr_bytes(t); i++)
            ((uint8_t *)t->data)[i] = (uint8_t)roll(256);
    }
    if (worth_running(m))
        tsr_run(s);
}

/* Load, and run what loads.  True if it loaded. */
static bool survive(const uint8_t *bytes, size_t size, bool keep_all)
{
    uint8_t *exact = malloc(size ? size : 1);
    ledger l = new_ledger(size);
    const tsr_options options = { .allocator = { take, give_back, &l }, .keep_all = keep_all,
                                  .fuse = TSR_FUSE_MEMORY };
    tsr_model *m;
    tsr_error err = { 0 };
    assert_non_null(exact);
    memcpy(exact, bytes, size);
    alarm(HANG_SECONDS);
    const tsr_status s = tsr_model_load(exact, size, &options, &m, &err);
    if (l.greedy)
        fail_msg("%s: wanted more than %zu bytes", doing, l.limit);
    if (s == TSR_OK) {
        const size_t need = tsr_session_bytes(m, NULL);
        void *block = need < MAX_SESSION ? malloc(need) : NULL;
        if (block)
            run_in(m, block, need);
        free(block);
        tsr_model_free(m);
    } else if (m || err.status != s || !err.text[0]) {
        fail_msg("%s: refused with status %d, but without a sentence", doing, s);
    }
    assert_int_equal(l.blocks, 0);
    alarm(0);
    free(exact);
    return s == TSR_OK;
}

/* ---- the tests, for one specimen each -------------------------------------------- */

static int wanted_flips(const specimen *s)
{
    const char *wanted = getenv("TARSIER_FUZZ");
    const int n = wanted ? atoi(wanted) : s->file.size < 32768 ? 20000 : 500;
    return s->file.size < 400000 ? n : n / 20;
}

static void whole(void **state)
{
    const specimen *s = *state;
    begin(s, "undamaged", 0);
    if (!survive(s->file.bytes, s->file.size, false))
        fail_msg("%s does not load", s->name);
}

static void cut_off(void **state)
{
    const specimen *s = *state;
    const size_t step = s->file.size <= 16384 ? 1 : s->file.size / 997;
    for (size_t n = 0; n < s->file.size; n += step) {
        begin(s, "cut off at", n);
        if (survive(s->file.bytes, n, false))
            fail_msg("%s: the first %zu of %zu bytes load", s->name, n, s->file.size);
    }
}

/* A place to damage: mostly in what describes the network, for most of a file
 * is weights, and those may be anything. */
static size_t place(const specimen *s, const tsr_model *pristine)
{
    const tsr_graph *g = &pristine->graph;
    for (int attempt = 0; attempt < 20; attempt++) {
        const size_t at = (size_t)roll((uint32_t)s->file.size);
        bool weights = false;
        for (int v = 0; v < g->value_count && !weights; v++) {
            const uint8_t *data = g->values[v].t.data;
            const size_t n = data ? tsr_bytes(&g->values[v].t) : 0;
            weights = n >= 64 && s->file.bytes + at >= data && s->file.bytes + at < data + n;
        }
        if (!weights || roll(16) == 0)
            return at;
    }
    return (size_t)roll((uint32_t)s->file.size);
}

static void damage(uint8_t *bytes, size_t size, size_t at)
{
    static const uint8_t extremes[] = { 0, 1, 0x7f, 0x80, 0xff };
    switch (roll(4)) {
    case 0: bytes[at] ^= (uint8_t)(1u << roll(8)); break;
    case 1: bytes[at] = (uint8_t)roll(256); break;
    case 2: bytes[at] = extremes[roll(5)]; break;
    default:                            /* a whole number: large, negative, zero */
        memset(bytes + at, extremes[roll(5)], size - at < 4 ? size - at : 4);
    }
}

static void overwritten(void **state)
{
    const specimen *s = *state;
    const int flips = wanted_flips(s);
    const double end = seconds() + (getenv("TARSIER_FUZZ") ? 600 : MODEL_SECONDS);
    const tsr_options options = { .keep_all = true };
    tsr_model *pristine;
    uint8_t *bytes = malloc(s->file.size);
    int i, loaded = 0;
    assert_non_null(bytes);
    assert_int_equal(tsr_model_load(s->file.bytes, s->file.size, &options, &pristine, NULL),
                     TSR_OK);
    for (i = 0; i < flips && seconds() < end; i++) {
        seed = (0x9e3779b9u * (uint32_t)(i + 1)) ^ (0x85ebca6bu * series);
        seed += !seed;                  /* xorshift never leaves 0 */
        memcpy(bytes, s->file.bytes, s->file.size);
        for (uint32_t k = roll(2) ? 1 : 1 + roll(4); k > 0; k--)
            damage(bytes, s->file.size, place(s, pristine));
        begin(s, "damage number", (size_t)i);
        loaded += survive(bytes, s->file.size, i % 2);
    }
    print_message("    %s: %d of %d damaged files tried, %d loaded\n", s->name, i, flips, loaded);
    tsr_model_free(pristine);
    free(bytes);
}

/* Every size below the need is refused; the need itself is enough at any address. */
static void too_small(void **state)
{
    const specimen *s = *state;
    tsr_model *m;
    assert_int_equal(tsr_model_load(s->file.bytes, s->file.size, NULL, &m, NULL), TSR_OK);
    const size_t need = tsr_session_bytes(m, NULL), step = need < 40000 ? 1 : need / 499;
    for (size_t n = need - 1; n < need; n -= step) {    /* ends by wrapping below 0 */
        void *block = malloc(n ? n : 1);
        tsr_session *session = NULL;
        tsr_error err = { 0 };
        char number[32];
        snprintf(number, sizeof number, " %zu ", need);
        assert_int_equal(tsr_session_open(m, NULL, block, n, &session, &err), TSR_NO_MEMORY);
        assert_null(session);
        assert_non_null(strstr(err.text, number));
        free(block);
    }
    for (size_t shift = 0; shift < 64; shift += shift < 8 ? 1 : 13) {
        uint8_t *block = malloc(need + shift);
        assert_non_null(block);
        begin(s, "block shifted by", shift);
        run_in(m, block + shift, need);
        free(block);
    }
    tsr_model_free(m);
}

/* The k-th allocation fails, for every k: an error, and nothing leaks. */
static void no_memory(void **state)
{
    const specimen *s = *state;
    for (long k = 0;; k++) {
        ledger l = new_ledger(s->file.size);
        const tsr_options options = { .allocator = { take, give_back, &l } };
        tsr_model *m;
        tsr_error err = { 0 };
        l.countdown = k;
        begin(s, "failing allocation", (size_t)k);
        const tsr_status status = tsr_model_load(s->file.bytes, s->file.size, &options, &m, &err);
        const bool failed = l.countdown == 0;
        tsr_model_free(m);
        assert_int_equal(l.blocks, 0);
        if (!failed) {
            assert_int_equal(status, TSR_OK);
            return;
        }
        if (status != TSR_OK)           /* an optimisation may be left out instead */
            assert_int_equal(status, TSR_NO_MEMORY);
    }
}

/* ---- specimens ------------------------------------------------------------------------ */

static void add_specimen(const char *name, golden_file file)
{
    specimen *s = &specimens[specimen_count++];
    snprintf(s->name, sizeof s->name, "%s", name);
    s->file = file;
}

static void add_published(const char *name)
{
    char path[1024];
    if (golden_find_model(name, path, sizeof path)) {
        const golden_file file = golden_read(path);
        if (file.bytes)
            add_specimen(name, file);
    }
}

int main(int argc, char **argv)
{
    static const struct { const char *what; CMUnitTestFunction test; } each[] = {
        { "whole", whole },         { "cut_off", cut_off },     { "overwritten", overwritten },
        { "too_small", too_small }, { "no_memory", no_memory },
    };
    enum { EACH = sizeof each / sizeof *each };
    static struct CMUnitTest tests[EACH * 24];
    static char names[EACH * 24][96];
    for (int k = 0; k < TINY_COUNT; k++) {
        mk_model m;
        golden_file file;
        const char *name = tiny_model(k, &m);
        file.bytes = mk_write(&m, &file.size);
        add_specimen(name, file);
    }
    for (int k = 0; k < TINY_ONNX_COUNT; k++) {
        om_model m;
        const char *name = tiny_onnx(k, &m);
        add_specimen(name, om_write(&m));
    }
    add_published("keypoint_classifier.tflite");
    add_published("person_detect.tflite");
    add_published("face_detection_short_range.tflite");
    add_published("selfie_segmentation.tflite");
    add_published("posenet_mnv1_075_353_481_quant.tflite");
    add_published("hourglass_v2_192.tflite");
    add_published("yunet_n_320_320.onnx");
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    if (argc > 2)
        series = (uint32_t)strtoul(argv[2], NULL, 0);
    int count = 0;
    for (int i = 0; i < specimen_count; i++)
        for (int k = 0; k < EACH; k++, count++) {
            snprintf(names[count], sizeof names[count], "%.60s: %.30s", specimens[i].name,
                     each[k].what);
            tests[count] = (struct CMUnitTest){ .name = names[count], .test_func = each[k].test,
                                                .initial_state = &specimens[i] };
        }
    const int failed = _cmocka_run_group_tests("robustness", tests, (size_t)count, NULL, NULL);
    for (int i = 0; i < specimen_count; i++)
        free(specimens[i].file.bytes);
    return failed;
}
