/*
 * gesture_set.h - pictures to learn from: a folder with one folder for each class.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_GESTURE_SET_H
#define CLI_GESTURE_SET_H

#include <stdint.h>
#include "engine/status.h"

typedef struct {
    char *name;                 /* of the class: the folder's */
    char **path;                /* of its pictures            */
    int count;
} cli_class_folder;

typedef struct {
    cli_class_folder *folder;   /* by name */
    int count;
} cli_picture_set;

/* Names that begin with a dot and "__MACOSX" (which unpacked zip files have beside the
 * real folders) do not count.  Refused: no classes, two with the same name, an empty
 * one.  The pictures of each class are in an order that only `seed` and their names
 * decide. */
TSR_MUST_USE tsr_status cli_picture_set_open(const char *dir, uint32_t seed, cli_picture_set *s,
                                             tsr_error *err);
void cli_picture_set_close(cli_picture_set *s);         /* zeroed is fine */

#endif
