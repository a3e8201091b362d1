/* class_list.c - see class_list.h.   SPDX-License-Identifier: MIT */
#include "cli/class_list.h"
#include "cli/pictures.h"

void cli_class_list_tell(const cli_class_names *names, const tsr_class *top, int count,
                         cJSON *result)
{
    cJSON *list = cJSON_AddArrayToObject(result, "classes");
    for (int i = 0; i < count; i++) {
        char text[CLI_CLASS_TEXT];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddNumberToObject(o, "index", top[i].index);
        cJSON_AddStringToObject(o, "label", cli_class_name(names, top[i].index, text));
        cli_json_number(o, "score", (double)top[i].score, 4);
        cJSON_AddItemToArray(list, o);
    }
}

void cli_class_list_print(const cli_class_names *names, const tsr_class *top, int count)
{
    for (int i = 0; i < count; i++) {
        char text[CLI_CLASS_TEXT];
        printf("  %5.1f %%  ", 100 * (double)top[i].score);
        cli_print_clean(stdout, cli_class_name(names, top[i].index, text), 0);
        putchar('\n');
    }
}
