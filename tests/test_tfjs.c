/*
 * test_tfjs.c - TensorFlow.js models written by hand: weights of every encoding,
 * graph and layers models, and files that mean harm.
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "engine/session.h"

/* The weights file that lies beside every model here, and beside it, in three files of
 * 3 bytes and what is left, the same bytes again. */
static unsigned char weights[4096];
static size_t weights_bytes;

static const void *sibling(void *ctx, const char *name, size_t *bytes)
{
    (void)ctx;
    *bytes = weights_bytes;
    if (!strcmp(name, "w.bin"))
        return weights;
    if (name[0] < '1' || name[0] > '3' || strcmp(name + 1, "of3"))
        return NULL;
    const int part = name[0] - '1';
    *bytes = part < 2 ? 3 : weights_bytes - 6;
    return weights + 3 * part;
}

static tsr_status load(const char *json, tsr_model **m, tsr_error *err)
{
    const tsr_options options = { .sibling = sibling };
    *err = (tsr_error){ 0 };
    return tsr_model_load(json, strlen(json), &options, m, err);
}

static void put_floats(int n, const float *x)
{
    memcpy(weights + weights_bytes, x, (size_t)n * sizeof *x);
    weights_bytes += (size_t)n * sizeof *x;
}

/* Run with the input 1, 2, 3 ...; copies output 0. */
static size_t run(const tsr_model *m, float *y)
{
    const size_t need = tsr_session_bytes(m, NULL);
    void *block = malloc(need);
    tsr_session *s = NULL;
    assert_int_equal(tsr_session_open(m, NULL, block, need, &s, NULL), TSR_OK);
    for (size_t i = 0; i < tsr_elements(tsr_input(s, 0)); i++)
        ((float *)tsr_input(s, 0)->data)[i] = (float)(i + 1);
    tsr_run(s);
    const size_t n = tsr_elements(tsr_output(s, 0));
    memcpy(y, tsr_output(s, 0)->data, n * sizeof *y);
    free(block);
    return n;
}

#define NODE(name, op, inputs, attr) \
    "{\"name\":\"" name "\",\"op\":\"" op "\",\"input\":[" inputs "],\"attr\":{" attr "}}"
#define PLACEHOLDER(name, d) \
    NODE(name, "Placeholder", "", "\"dtype\":{\"type\":\"DT_FLOAT\"},\"shape\":{\"shape\":" \
         "{\"dim\":[{\"size\":\"-1\"},{\"size\":\"" d "\"}]}}")
#define GRAPH(nodes, manifest) \
    "{\"format\":\"graph-model\",\"modelTopology\":{\"node\":[" nodes "]},\"weightsManifest\":" \
    "[{\"paths\":[\"w.bin\"],\"weights\":[" manifest "]}]}"
#define WEIGHT(name, shape, rest) \
    "{\"name\":\"" name "\",\"shape\":[" shape "],\"dtype\":\"float32\"" rest "}"

/* Nodes in the wrong order, a control edge, output ":0" - and y = x W + b. */
static void test_graph_model(void **state)
{
    (void)state;
    weights_bytes = 0;
    put_floats(6, (const float[]){ 1, 2, 3, 4, 5, 6 });         /* W[3][2] */
    put_floats(2, (const float[]){ 0.5f, -100 });
    tsr_model *m = NULL;
    tsr_error err;
    float y[4];
    load(GRAPH(NODE("y", "_FusedMatMul", "\"x\",\"W:0\",\"b\",\"^nothing\"",
                    "\"fused_ops\":{\"list\":{\"s\":[\"Qmlhc0FkZA==\",\"UmVsdQ==\"]}}")
               "," PLACEHOLDER("x", "3") "," NODE("W", "Const", "", "") ","
               NODE("b", "Const", "", "") "," NODE("nothing", "NoOp", "", ""),
               WEIGHT("W", "3,2", "") "," WEIGHT("b", "2", "")), &m, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(run(m, y), 2);
    assert_true(y[0] == 22.5f && y[1] == 0.0f);         /* 1*1+2*3+3*5+.5; relu(28-100) */
    tsr_model_free(m);
}

/* The same numbers as f32, IEEE half, and integers with scale and minimum. */
static void test_encodings(void **state)
{
    (void)state;
    static const char *const manifest[] = {
        WEIGHT("c", "3", ""),
        WEIGHT("c", "3", ",\"quantization\":{\"dtype\":\"float16\"}"),
        WEIGHT("c", "3", ",\"quantization\":{\"dtype\":\"uint8\",\"scale\":0.5,\"min\":-1}"),
        WEIGHT("c", "3", ",\"quantization\":{\"dtype\":\"uint16\",\"scale\":0.25,\"min\":-2}"),
    };
    static const unsigned char bytes[4][12] = {
        { 0, 0, 0, 0x3f, 0, 0, 0x40, 0xc0, 0, 0, 0, 0x40 },     /* 0.5 -3 2 */
        { 0x00, 0x38, 0x00, 0xc2, 0x00, 0x40 },
        { 3, 0, 6 },                                            /* 0.5 -1 2 */
        { 10, 0, 0xfc, 0xff, 16, 0 },                           /* 0.5 16381 2 */
    };
    static const size_t size[] = { 12, 6, 3, 6 };
    static const float second[] = { -3, -3, -1, 16381 };
    for (int i = 0; i < 4; i++) {
        char json[1024];
        tsr_model *m = NULL;
        tsr_error err;
        float y[4];
        memcpy(weights, bytes[i], weights_bytes = size[i]);
        snprintf(json, sizeof json, GRAPH("%s", "%s"),
                 NODE("y", "AddV2", "\"x\",\"c\"", "") "," PLACEHOLDER("x", "3") ","
                 NODE("c", "Const", "", ""), manifest[i]);
        load(json, &m, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(run(m, y), 3);
        assert_true(y[0] == 1.5f && y[1] == 2 + second[i] && y[2] == 5.0f);
        tsr_model_free(m);
    }
}

#define LAYERS(layers, manifest) \
    "{\"modelTopology\":{\"model_config\":{\"class_name\":\"Sequential\",\"config\":[" layers \
    "]}},\"weightsManifest\":[{\"paths\":[\"w.bin\"],\"weights\":[" manifest "]}]}"

/* A 1x1 conv that is batch-normalised, then ReLU with a maximum. */
static void test_layers_model(void **state)
{
    (void)state;
    weights_bytes = 0;
    put_floats(2, (const float[]){ 2, -1 });                    /* kernel 1,1,1,2 */
    put_floats(2, (const float[]){ 1, 3 });                     /* gamma */
    put_floats(2, (const float[]){ 0, 1 });                     /* beta */
    put_floats(2, (const float[]){ 1, -2 });                    /* mean */
    put_floats(2, (const float[]){ 0.75f, 3.75f });             /* variance; + 0.25 */
    tsr_model *m = NULL;
    tsr_error err;
    float y[8];
    load(LAYERS("{\"class_name\":\"Conv2D\",\"config\":{\"name\":\"c\",\"kernel_size\":[1,1],"
                "\"use_bias\":false,\"batch_input_shape\":[null,1,2,1]}},"
                "{\"class_name\":\"BatchNormalization\",\"config\":{\"name\":\"n\","
                "\"epsilon\":0.25}},"
                "{\"class_name\":\"ReLU\",\"config\":{\"name\":\"r\",\"max_value\":2.5}}",
                WEIGHT("c/kernel", "1,1,1,2", "") "," WEIGHT("n/gamma", "2", "") ","
                WEIGHT("n/beta", "2", "") "," WEIGHT("n/moving_mean", "2", "") ","
                WEIGHT("n/moving_variance", "2", "")), &m, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(m->graph.node_count, 1);                   /* all of it is one conv */
    assert_int_equal(run(m, y), 4);
    /* x = 1: (2-1)/1 = 1, 3(-1+2)/2 + 1 = 2.5; x = 2: 3 -> 2.5, 3(-2+2)/2 + 1 = 1 */
    assert_true(fabsf(y[0] - 1) < 1e-6f && fabsf(y[1] - 2.5f) < 1e-6f);
    assert_true(fabsf(y[2] - 2.5f) < 1e-6f && fabsf(y[3] - 1) < 1e-6f);
    tsr_model_free(m);
}

/* A dense layer that is called twice, each time normalised: the second must find its
 * matrix as the first found it, whoever scales what in place.  Bytes, from three files
 * that end inside a number's tensor. */
static void test_shared_layer(void **state)
{
    (void)state;
    static const unsigned char bytes[] = { 1, 0, 2, 1,          /* kernel[2][2] */
                                           3, 2, 0, 1, 0, 0, 1, 1 };
    memcpy(weights, bytes, weights_bytes = sizeof bytes);
#define BYTE(name, shape) WEIGHT(name, shape, ",\"quantization\":{\"scale\":1,\"min\":0}")
#define CALLED(on) "[[\"" on "\",0,0,{}]]"
    static const char json[] =
        "{\"modelTopology\":{\"class_name\":\"Model\",\"config\":{\"layers\":["
        "{\"class_name\":\"InputLayer\",\"config\":{\"name\":\"x\","
        "\"batch_input_shape\":[null,2]}},"
        "{\"class_name\":\"Dense\",\"config\":{\"name\":\"d\",\"use_bias\":false},"
        "\"inbound_nodes\":[" CALLED("x") ",[[\"n\",0,0,{}]]]},"
        "{\"class_name\":\"BatchNormalization\",\"config\":{\"name\":\"n\",\"epsilon\":0},"
        "\"inbound_nodes\":[" CALLED("d") ",[[\"d\",1,0,{}]]]}],"
        "\"input_layers\":[[\"x\",0,0]],\"output_layers\":[[\"n\",1,0]]}},"
        "\"weightsManifest\":[{\"paths\":[\"1of3\",\"2of3\",\"3of3\"],\"weights\":["
        BYTE("d/kernel", "2,2") "," BYTE("n/gamma", "2") "," BYTE("n/beta", "2") ","
        BYTE("n/moving_mean", "2") "," BYTE("n/moving_variance", "2") "]}]}";
    tsr_model *m = NULL;
    tsr_error err;
    float y[2];
    load(json, &m, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(run(m, y), 2);
    /* (1, 2) -> (1*1 + 2*2, 1*0 + 2*1) = (5, 2) -> (3*5, 2*2 + 1) = (15, 5)
     *        -> (15 + 10, 5) -> (75, 11) */
    assert_true(fabsf(y[0] - 75) < 1e-4f && fabsf(y[1] - 11) < 1e-4f);
    tsr_model_free(m);
}

/* One constant is the matrix of two products, turned for one and as it is for the other,
 * and a summand: however each of them reads it. */
static void test_shared_constant(void **state)
{
    (void)state;
    weights_bytes = 1;                                  /* so that the floats lie odd */
    put_floats(4, (const float[]){ 1, 2, 3, 4 });
    tsr_model *m = NULL;
    tsr_error err;
    float y[4];
    load(GRAPH(PLACEHOLDER("x", "2") "," NODE("W", "Const", "", "") ","
               NODE("p", "MatMul", "\"x\",\"W\"", "") ","
               NODE("q", "MatMul", "\"p\",\"W\"", "\"transpose_b\":{\"b\":true}") ","
               NODE("y", "AddV2", "\"q\",\"W\"", ""),
               "{\"name\":\"odd\",\"shape\":[1],\"dtype\":\"bool\"}," WEIGHT("W", "2,2", "")),
         &m, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(run(m, y), 4);
    /* (1, 2) W = (7, 10); (7, 10) W' = (27, 61) */
    assert_true(y[0] == 28 && y[1] == 63 && y[2] == 30 && y[3] == 65);
    tsr_model_free(m);
}

static void refuse(const char *json, tsr_status status, const char *words)
{
    tsr_model *m = NULL;
    tsr_error err;
    const tsr_status got = load(json, &m, &err);
    if (got != status || !strstr(err.text, words) || m)
        fail_msg("expected %d '%s', got %d '%s'", (int)status, words, (int)got, err.text);
}

static void test_refusals(void **state)
{
    (void)state;
    weights_bytes = 16;
    refuse("{", TSR_BAD_FILE, "JSON");
    refuse("{}", TSR_BAD_FILE, "modelTopology");
    refuse(GRAPH(PLACEHOLDER("x", "3") "," NODE("y", "Frobnicate", "\"x\"", ""), ""),
           TSR_UNSUPPORTED, "operator 1 Frobnicate ('y')");
    refuse(GRAPH(PLACEHOLDER("x", "3") "," NODE("a", "AddV2", "\"x\",\"b\"", "") ","
                 NODE("b", "Tanh", "\"a\"", ""), ""), TSR_BAD_FILE, "cycle");
    refuse(GRAPH(NODE("a", "Tanh", "\"a\"", ""), ""), TSR_BAD_FILE, "cycle");
    refuse(GRAPH(PLACEHOLDER("x", "3") "," NODE("y", "Tanh", "\"z\"", ""), ""), TSR_BAD_FILE,
           "input 0 is missing");
    refuse(GRAPH("", WEIGHT("w", "5", "")), TSR_BAD_FILE, "ends before weight 'w'");
    refuse(GRAPH("", WEIGHT("w", "65536,65536,65536", "")), TSR_BAD_FILE, "shape");
    refuse(GRAPH("", "{\"name\":\"w\",\"shape\":[1],\"dtype\":\"string\"}"), TSR_UNSUPPORTED,
           "dtype 'string'");
    refuse("{\"modelTopology\":{\"node\":[]},\"weightsManifest\":[{\"paths\":[\"../etc/passwd\"],"
           "\"weights\":[]}]}", TSR_BAD_FILE, "not beside the model");
    refuse(LAYERS("{\"class_name\":\"LSTM\",\"config\":{\"name\":\"l\","
                  "\"batch_input_shape\":[null,4]}}", ""), TSR_UNSUPPORTED, "class LSTM");
    refuse("{\"modelTopology\":{\"class_name\":\"Model\",\"config\":{\"layers\":["
           "{\"class_name\":\"Add\",\"config\":{\"name\":\"a\"},"
           "\"inbound_nodes\":[[[\"b\",0,0,{}]]]},"
           "{\"class_name\":\"Add\",\"config\":{\"name\":\"b\"},"
           "\"inbound_nodes\":[[[\"a\",0,0,{}]]]}]}},\"weightsManifest\":[]}",
           TSR_BAD_FILE, "waits for an input that never comes");
}

/* Brackets without end, and models in models in models. */
static void test_bombs(void **state)
{
    (void)state;
    const size_t n = 1 << 20;
    char *bomb = malloc(n + 1);
    memset(bomb, '[', n);
    bomb[n] = '\0';
    memcpy(bomb, "{\"modelTopology\":", 17);
    refuse(bomb, TSR_BAD_FILE, "nested too deeply");
    size_t used = (size_t)snprintf(bomb, n, "{\"modelTopology\":{\"model_config\":");
    for (int i = 0; i < 100; i++)
        used += (size_t)snprintf(bomb + used, n - used,
                                 "{\"class_name\":\"Sequential\",\"config\":[");
    for (int i = 0; i < 100; i++)
        used += (size_t)snprintf(bomb + used, n - used, "]}");
    snprintf(bomb + used, n - used, "},\"weightsManifest\":[]}");
    refuse(bomb, TSR_UNSUPPORTED, "nested more than");
    free(bomb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_model), cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_layers_model), cmocka_unit_test(test_shared_layer),
        cmocka_unit_test(test_shared_constant), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_bombs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
