/*
 * bench_follow.c - how many frames a second hands and faces are followed at, and how
 * much of the time is not the networks'.
 *
 *     bench_follow hands|faces PHOTO [THREADS [FRAMES]]
 *
 * The frames are the photograph, stretched to 640 x 480 and moved a little each time; they are
 * made before the clock runs.  Two cases: everything is followed and the detector
 * rests; more are wanted than there are, so it runs in each frame.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/follow_networks.h"
#include "cli/image.h"

enum { W = 640, H = 480, MARGIN = 8, MOST = 10000 };

/* The photograph in a canvas a little larger than a frame, so that frames can be cut
 * from it at any offset without copying. */
static tsr_image canvas_of(const char *path, tsr_error *err)
{
    tsr_image photo, canvas = { NULL, W + MARGIN, H + MARGIN, 3 * (W + MARGIN) };
    if (cli_image_load(path, &photo, err) != TSR_OK)
        return canvas;
    void *work = malloc(tsr_image_resize_bytes(photo.width, photo.height, canvas.width,
                                               canvas.height));
    canvas.rgb = malloc((size_t)canvas.stride * (size_t)canvas.height);
    if (work && canvas.rgb)
        tsr_image_resize(&photo, &canvas, work);
    free(work);
    cli_image_free(&photo);
    return canvas;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_size);
    return v[n / 2];
}

/* Medians, because other programs on the machine make some frames slow. */
static tsr_status measure(cli_follow *f, const tsr_image *canvas, const char *label, int most,
                          int frames, tsr_error *err)
{
    cli_sightings found = { .count = 0 };
    static double all[MOST], outside[MOST];
    const int runs = f->state.detector_runs;
    f->most = most;
    f->follower.wanted = most;
    tsr_following_reset(&f->state);
    for (int i = 0; i < frames; i++) {
        const int x = i % MARGIN, y = i / 2 % MARGIN;
        const cli_frame frame = {
            { canvas->rgb + y * canvas->stride + 3 * x, W, H, canvas->stride }, i / 30.0, i
        };
        const double begin = cli_clock_ms();
        TSR_TRY(cli_follow_look(f, &frame, &found, err));
        all[i] = cli_clock_ms() - begin;
        outside[i] = 100 * (all[i] - found.ms) / all[i];
    }
    const double ms = median(all, frames);
    printf("  %-28s %2d found, detector in %3d of %d frames: %6.1f fps, %.2f ms, "
           "%4.1f %% outside the networks\n", label, found.count, f->state.detector_runs - runs,
           frames, 1000 / ms, ms, median(outside, frames));
    cli_sightings_drop(&found);
    return TSR_OK;
}

static tsr_status run(int argc, char **argv, tsr_error *err)
{
    const bool hands = !strcmp(argv[1], "hands");
    const cli_follow_choice choice = {
        hands ? &tsr_follow_hands : &tsr_follow_faces,
        hands ? "palm_detection_lite" : "face_detection_short_range",
        hands ? "hand_landmark_lite" : "face_landmark",
    };
    const cli_picture_options o = { .threads = argc > 3 ? atoi(argv[3]) : 1, .threshold = -1 };
    const int asked = argc > 4 ? atoi(argv[4]) : 400;
    const int frames = asked < 1 ? 1 : asked > MOST ? MOST : asked;
    tsr_image canvas = canvas_of(argv[2], err);
    if (!canvas.rgb)
        return err->status;
    cli_follow f;
    TSR_TRY(cli_follow_open(&f, &choice, &o, err));
    printf("%s, %s, %d thread%s, %d x %d\n", argv[1], f.names, o.threads,
           o.threads == 1 ? "" : "s", W, H);
    TSR_TRY(measure(&f, &canvas, "followed", 1, frames, err));
    TSR_TRY(measure(&f, &canvas, "followed and searched for", 4, frames, err));
    cli_follow_close(&f);
    free(canvas.rgb);
    return TSR_OK;
}

int main(int argc, char **argv)
{
    tsr_error err = { 0 };
    if (argc < 3 || (strcmp(argv[1], "hands") && strcmp(argv[1], "faces")))
        return fprintf(stderr, "usage: bench_follow hands|faces PHOTO [THREADS [FRAMES]]\n"), 2;
    if (run(argc, argv, &err) == TSR_OK)
        return 0;
    fprintf(stderr, "bench_follow: %s\n", err.text);
    return 1;
}
