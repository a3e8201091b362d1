/* class_list.h - the likeliest classes of a picture, as JSON and as lines of text.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_CLASS_LIST_H
#define CLI_CLASS_LIST_H

#include <cjson/cJSON.h>
#include "cli/class_names.h"
#include "models/vision.h"

enum { CLI_TOP_MOST = 1000 };    /* --top N */

/* What a classifier says of one picture: as many as the user asked for. */
typedef struct {
    tsr_class top[CLI_TOP_MOST];
    int count;
    double ms;
} cli_class_list;

/* An array "classes" into the object. */
void cli_class_list_tell(const cli_class_names *names, const cli_class_list *list,
                         cJSON *line);
void cli_class_list_print(const cli_class_names *names, const cli_class_list *list);

#endif
