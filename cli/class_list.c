/* class_list.c - see class_list.h.   SPDX-License-Identifier: MIT */
#include "cli/class_list.h"
#include "cli/pictures.h"

void cli_class_list_tell(const cli_class_names *names, const cli_class_list *list,
                         cJSON *line)
{
    cJSON *classes = cJSON_AddArrayToObject(line, "classes");
    for (int i = 0; i < list->count; i++) {
        const tsr_class *c = &list->top[i];
        char text[CLI_CLASS_TEXT];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddNumberToObject(o, "index", c->index);
        cJSON_AddStringToObject(o, "label", cli_class_name(names, c->index, text));
        cli_json_number(o, "score", (double)c->score, 4);
        cJSON_AddItemToArray(classes, o);
    }
}

void cli_class_list_print(const cli_class_names *names, const cli_class_list *list)
{
    for (int i = 0; i < list->count; i++) {
        const tsr_class *c = &list->top[i];
        char text[CLI_CLASS_TEXT];
        printf("  %5.1f %%  ", 100 * (double)c->score);
        cli_print_clean(stdout, cli_class_name(names, c->index, text), 0);
        putchar('\n');
    }
}
