/*
 * load.c - recognise a file's format from its bytes and hand it to its loader.
 *
 * The one place that joins engine, loaders and the table of all operators.
 * SPDX-License-Identifier: MIT
 */
#include "engine/op.h"
#include "loaders/keras_file.h"
#include "loaders/load.h"
#include "loaders/onnx.h"
#include "loaders/tfjs.h"
#include "loaders/tflite.h"
#include "loaders/tsr_file.h"

/* The Makefile's FORMATS says which of them are in this build. */
static const tsr_format formats[] = {
#ifdef TSR_READS_TSR
    { "Tarsier", tsr_file_recognise, tsr_file_load, NULL },
#endif
#ifdef TSR_READS_TFLITE
    { "TensorFlow Lite", tsr_tflite_recognise, tsr_tflite_load, tsr_tflite_unsupported },
#endif
#ifdef TSR_READS_TFJS
    { "TensorFlow.js", tsr_tfjs_recognise, tsr_tfjs_load, tsr_tfjs_unsupported },
#endif
#ifdef TSR_READS_KERAS
    { "Keras", tsr_keras_recognise, tsr_keras_load, tsr_keras_unsupported },
#endif
#ifdef TSR_READS_ONNX
    { "ONNX", tsr_onnx_recognise, tsr_onnx_load, tsr_onnx_unsupported },
#endif
};

static const tsr_format *find(const void *file, size_t file_bytes)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].recognise(file, file_bytes))
            return &formats[i];
    return NULL;
}

tsr_status tsr_model_load(const void *file, size_t file_bytes, const tsr_options *options,
                          tsr_model **model, tsr_error *err)
{
    if (!model || !file)
        return tsr_fail(err, TSR_BAD_ARGUMENT, "tsr_model_load: no %s given",
                        model ? "file" : "place for the model");
    *model = NULL;
    tsr_options all = options ? *options : (tsr_options){ 0 };
    if (!all.ops)
        all.ops = tsr_all_ops;
    if (file_bytes == 0)
        return tsr_fail(err, TSR_BAD_FILE, "the model file is empty");
    const tsr_format *format = find(file, file_bytes);
    if (!format)
        return tsr_fail(err, TSR_BAD_FILE, "not a model file of a known format (.tflite, .onnx, "
                        ".tsr, model.json, .keras, .h5), or cut off: %zu bytes", file_bytes);
    return format->load(file, file_bytes, &all, model, err);
}

const char *tsr_model_format(const void *file, size_t file_bytes)
{
    const tsr_format *format = file ? find(file, file_bytes) : NULL;
    return format ? format->name : NULL;
}

int tsr_model_unsupported(const void *file, size_t file_bytes, char *text, size_t text_bytes)
{
    if (text_bytes)
        text[0] = '\0';
    const tsr_format *format = file ? find(file, file_bytes) : NULL;
    return format && format->unsupported ? format->unsupported(file, file_bytes, text, text_bytes)
                                         : 0;
}
