/* onnx_maker.c - see onnx_maker.h.   SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/onnx_maker.h"

enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };

void om_begin(om_model *m, int opset)
{
    *m = (om_model){ .pool = tsr_pool_make(NULL), .opset = opset };
    m->graph.pool = m->node.pool = &m->pool;
}

static void end_node(om_model *m)
{
    if (m->in_node)
        tsr_pb_message(&m->graph, GRAPH_NODE, &m->node);
    m->in_node = false;
}

static void value_info(om_model *m, int field, const char *name, const tsr_pb *tensor_type)
{
    tsr_pb type = tsr_pb_make(&m->pool), info = tsr_pb_make(&m->pool);
    tsr_pb_string(&info, 1, name);
    if (tensor_type) {
        tsr_pb_message(&type, 1, tensor_type);
        tsr_pb_message(&info, 2, &type);
    }
    end_node(m);
    tsr_pb_message(&m->graph, field, &info);
}

void om_input(om_model *m, const char *name, int elem, int rank, const int *dim)
{
    tsr_pb shape = tsr_pb_make(&m->pool), tensor = tsr_pb_make(&m->pool);
    for (int i = 0; i < rank; i++) {
        tsr_pb d = tsr_pb_make(&m->pool);
        char param[16];
        snprintf(param, sizeof param, "d%d", i);
        if (dim[i] < 0)
            tsr_pb_string(&d, 2, param);
        else
            tsr_pb_int(&d, 1, dim[i]);
        tsr_pb_message(&shape, 1, &d);
    }
    tsr_pb_int(&tensor, 1, elem);
    tsr_pb_message(&tensor, 2, &shape);
    value_info(m, GRAPH_INPUT, name, &tensor);
}

void om_output(om_model *m, const char *name) { value_info(m, GRAPH_OUTPUT, name, NULL); }

void om_tensor(om_model *m, const char *name, int elem, int rank, const int *dim,
               const void *data, size_t bytes)
{
    tsr_pb t = tsr_pb_make(&m->pool);
    for (int i = 0; i < rank; i++)
        tsr_pb_int(&t, 1, dim[i]);
    tsr_pb_int(&t, 2, elem);
    tsr_pb_string(&t, 8, name);
    tsr_pb_bytes(&t, 9, data, bytes);
    end_node(m);
    tsr_pb_message(&m->graph, GRAPH_INITIALIZER, &t);
}

void om_floats(om_model *m, const char *name, int rank, const int *dim, const float *data)
{
    size_t n = sizeof *data;
    for (int i = 0; i < rank; i++)
        n *= (size_t)dim[i];
    om_tensor(m, name, OM_FLOAT, rank, dim, data, n);
}

void om_int64s(om_model *m, const char *name, int count, const int64_t *data)
{
    om_tensor(m, name, OM_INT64, 1, &count, data, (size_t)count * sizeof *data);
}

static void names(tsr_pb *node, int field, const char *list)
{
    for (;;) {
        const size_t n = strcspn(list, ",");
        tsr_pb_bytes(node, field, list, n);
        if (list[n] == '\0')
            return;
        list += n + 1;
    }
}

void om_node(om_model *m, const char *type, const char *inputs, const char *outputs)
{
    end_node(m);
    m->node = tsr_pb_make(&m->pool);
    m->in_node = true;
    if (inputs[0])
        names(&m->node, 1, inputs);
    names(&m->node, 2, outputs);
    tsr_pb_string(&m->node, 4, type);
}

void om_int(om_model *m, const char *name, int64_t x)
{
    tsr_pb a = tsr_pb_make(&m->pool);
    tsr_pb_string(&a, 1, name);
    tsr_pb_int(&a, 3, x);
    tsr_pb_int(&a, 20, 2);
    tsr_pb_message(&m->node, 5, &a);
}

void om_ints(om_model *m, const char *name, int count, const int64_t *x)
{
    tsr_pb a = tsr_pb_make(&m->pool);
    tsr_pb_string(&a, 1, name);
    for (int i = 0; i < count; i++)
        tsr_pb_int(&a, 8, x[i]);
    tsr_pb_int(&a, 20, 7);
    tsr_pb_message(&m->node, 5, &a);
}

void om_float(om_model *m, const char *name, float x)
{
    tsr_pb a = tsr_pb_make(&m->pool);
    tsr_pb_string(&a, 1, name);
    tsr_pb_float(&a, 2, x);
    tsr_pb_int(&a, 20, 1);
    tsr_pb_message(&m->node, 5, &a);
}

void om_string(om_model *m, const char *name, const char *s)
{
    tsr_pb a = tsr_pb_make(&m->pool);
    tsr_pb_string(&a, 1, name);
    tsr_pb_string(&a, 4, s);
    tsr_pb_int(&a, 20, 3);
    tsr_pb_message(&m->node, 5, &a);
}

golden_file om_write(om_model *m)
{
    golden_file f = { 0 };
    tsr_pb model = tsr_pb_make(&m->pool), set = tsr_pb_make(&m->pool);
    end_node(m);
    tsr_pb_int(&model, 1, 8);
    tsr_pb_message(&model, 7, &m->graph);
    tsr_pb_int(&set, 2, m->opset);
    tsr_pb_message(&model, 8, &set);
    f.bytes = model.failed ? NULL : malloc(model.count);
    if (f.bytes) {
        f.size = model.count;
        memcpy(f.bytes, model.bytes, model.count);
    }
    tsr_pool_free(&m->pool);
    return f;
}
