/* gesture_features.c - see gesture_features.h.   SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>
#include "cli/gesture_features.h"

static void append(char *text, const char *fmt, const float v[3])
{
    const size_t n = strlen(text);
    if (v)
        snprintf(text + n, CLI_FEATURES_TEXT - n, fmt, (double)v[0], (double)v[1], (double)v[2]);
    else
        snprintf(text + n, CLI_FEATURES_TEXT - n, "%s", fmt);
}

/* "7aad0c74c5e3c06e mobilenet_v2", "0123456789abcdef-89abcdef01234567 file, bgr ..." */
static void identify(cli_features *f, const cli_network_hint *hint)
{
    const cli_model *m = &f->net.model;
    const tsr_preprocess *how = &f->net.how;
    char hex[CLI_SHA256_HEX], more[20] = "";
    cli_sha256(m->file.bytes, m->file.size, hex);
    if (m->sibling_sum)
        snprintf(more, sizeof more, "-%016" PRIx64, m->sibling_sum);
    snprintf(f->identity, sizeof f->identity, "%.16s%s %s", hex, more,
             m->entry ? m->entry->name : "file");
    if (!hint->bgr && !hint->has_fit && !hint->has_mean && !hint->has_scale)
        return;
    append(f->identity, ", mean %g %g %g", how->mean);
    append(f->identity, ", scale %g %g %g", how->scale);
    append(f->identity, how->bgr ? ", bgr" : "", NULL);
    append(f->identity, how->fit == TSR_FIT_LETTERBOX ? ", letterbox" : "", NULL);
}

bool cli_features_name(const char *identity, char text[CLI_FEATURES_TEXT])
{
    const char *name = strchr(identity, ' ');
    snprintf(text, CLI_FEATURES_TEXT, "%s", name ? name + 1 : "");
    text[strcspn(text, ",")] = '\0';
    return tsr_catalogue_find(text) != NULL;
}

tsr_status cli_features_open(const char *name, int threads, const cli_network_hint *hint,
                             cli_features *f, tsr_error *err)
{
    static const char *const usual[] = {
        "mobilenet_v2", "mobilenet_v2_ptq", "mobilenet_v1_025", NULL
    };
    *f = (cli_features){ 0 };
    if (!name)
        name = cli_network_pick(usual);
    TSR_TRY(cli_network_open_embedding(name, threads, hint, &f->net, err));
    f->size = (int)tsr_elements(tsr_model_output(f->net.model.model, 0));
    identify(f, hint);
    return TSR_OK;
}

void cli_features_close(cli_features *f)
{
    cli_network_close(&f->net);
    *f = (cli_features){ 0 };
}

static tsr_status read_embedding(cli_features *f, float *x, tsr_error *err)
{
    if (!tsr_embedding_read(tsr_output(f->net.session.session, 0), x))
        return tsr_fail(err, TSR_BAD_ARGUMENT, "the network sees nothing in it: its embedding is "
                        "zero or not a number");
    return TSR_OK;
}

/* Another view: the way from the input to the picture goes through the augmentation. */
static tsr_status see_again(cli_features *f, const tsr_image *picture, const tsr_affine *way,
                            const tsr_affine *other, tsr_error *err)
{
    const tsr_affine to_picture = tsr_affine_chain(other, way);
    TSR_TRY(tsr_picture_crop(&f->net.how, picture, &to_picture,
                             tsr_input(f->net.session.session, 0), err));
    const double begin = cli_clock_ms();
    tsr_run(f->net.session.session);
    f->ms += cli_clock_ms() - begin;
    return TSR_OK;
}

tsr_status cli_features_see(cli_features *f, const tsr_image *picture, const tsr_augment *how,
                            int views, uint32_t seed, float *x, tsr_error *err)
{
    tsr_affine way;
    int h, w;
    TSR_TRY(cli_network_run(&f->net, picture, &way, err));
    f->ms = f->net.ms;
    TSR_TRY(read_embedding(f, x, err));
    tsr_picture_size(tsr_input(f->net.session.session, 0), &h, &w);
    for (int v = 1; v < views; v++) {
        const tsr_affine other = tsr_augment_affine(how, w, h, &seed);
        TSR_TRY(see_again(f, picture, &way, &other, err));
        TSR_TRY(read_embedding(f, x + (size_t)v * (size_t)f->size, err));
    }
    return TSR_OK;
}
