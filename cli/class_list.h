/* class_list.h - the likeliest classes of a picture, as JSON and as lines of text.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_CLASS_LIST_H
#define CLI_CLASS_LIST_H

#include <cjson/cJSON.h>
#include "cli/class_names.h"
#include "models/vision.h"

/* An array "classes" into the object. */
void cli_class_list_tell(const cli_class_names *names, const tsr_class *top, int count,
                         cJSON *result);
void cli_class_list_print(const cli_class_names *names, const tsr_class *top, int count);

#endif
