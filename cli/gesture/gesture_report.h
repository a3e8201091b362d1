/*
 * gesture_report.h - how a training went: a bar while it runs, a table at the end.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_GESTURE_REPORT_H
#define CLI_GESTURE_REPORT_H

#include <stdbool.h>
#include "models/head.h"

typedef struct {
    const char *output, *features, *method;
    const char *const *name;    /* of the classes */
    int classes, size;
    const int *learned;         /* pictures of each class    */
    const int *confusion;       /* [truth][said], held out   */
    int views, skipped;
    const tsr_training_report *training;        /* NULL: imprinted           */
    int refit_epochs;           /* then trained on everything for so many; 0: not */
} cli_gesture_report;

/* Held-out pictures in all, and how many were named right. */
int cli_gesture_held_out(const cli_gesture_report *r, int *right);

void cli_gesture_print(const cli_gesture_report *r);
bool cli_gesture_tell(const cli_gesture_report *r);     /* one line of JSON; false: no memory */

/* A bar on standard error if that is a terminal; wiped away when done == total. */
void cli_gesture_progress(int done, int total, const char *what);

#endif
