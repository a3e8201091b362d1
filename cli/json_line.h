/*
 * json_line.h - results as lines of JSON, each written whole.
 *
 * A line goes out with one write(2): programs that read along see complete lines only,
 * and several that append to one file do not mix theirs.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_JSON_LINE_H
#define CLI_JSON_LINE_H

#include <cjson/cJSON.h>
#include "engine/status.h"

/* Add a number with so many decimals; null if it is not finite. */
void cli_json_number(cJSON *object, const char *key, double value, int decimals);

/* Add a text that may be a file's name: those may hold any bytes, JSON only UTF-8, so
 * what is none becomes '?'. */
void cli_json_text(cJSON *object, const char *key, const char *text);

/* As cli_json_text writes it; to be freed; NULL without memory. */
char *cli_utf8_copy(const char *text);

/* Write the object to a descriptor as a line, and delete it. */
TSR_MUST_USE tsr_status cli_json_write(int fd, cJSON *object, tsr_error *err);

#endif
