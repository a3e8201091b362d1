/*
 * json.h - asking a parsed JSON document, with a default for what is not there.
 *
 * cJSON parses (and limits the nesting); every getter takes NULL.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_JSON_H
#define TSR_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>

static inline const cJSON *json_get(const cJSON *o, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(o, key);
}

static inline const char *json_string(const cJSON *o, const char *key, const char *otherwise)
{
    const char *s = cJSON_GetStringValue(json_get(o, key));
    return s ? s : otherwise;
}

static inline double json_number(const cJSON *o, const char *key, double otherwise)
{
    const cJSON *x = json_get(o, key);
    return cJSON_IsNumber(x) ? x->valuedouble : otherwise;
}

static inline bool json_bool(const cJSON *o, const char *key, bool otherwise)
{
    const cJSON *x = json_get(o, key);
    return cJSON_IsBool(x) ? cJSON_IsTrue(x) : otherwise;
}

/* A whole number; cJSON saturates valueint, so no cast can overflow. */
static inline int json_int(const cJSON *o, const char *key, int otherwise)
{
    const cJSON *x = json_get(o, key);
    return cJSON_IsNumber(x) ? x->valueint : otherwise;
}

/* Item i of an array of whole numbers. */
static inline int json_int_at(const cJSON *array, int i, int otherwise)
{
    const cJSON *x = cJSON_GetArrayItem(array, i);
    return cJSON_IsNumber(x) ? x->valueint : otherwise;
}

#endif
