/* labels.c - names of classes by the catalogue's label sets.
 * SPDX-License-Identifier: MIT */
#include "models/catalogue.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

static const char *const person[] = { "no person", "person" };
static const char *const nsfw[] = { "drawing", "hentai", "neutral", "porn", "sexy" };
static const char *const hand_signs[] = { "open", "close", "pointer" };

const char *tsr_label(tsr_label_set set, int index)
{
    static const struct { const char *const *name; int count; } table[] = {
        [TSR_LABELS_IMAGENET_1001] = { tsr_imagenet_labels, TSR_IMAGENET_LABELS },
        [TSR_LABELS_IMAGENET_1000] = { tsr_imagenet_labels + 1, TSR_IMAGENET_LABELS - 1 },
        [TSR_LABELS_PASCAL_VOC] = { tsr_voc_labels, TSR_VOC_LABELS },
        [TSR_LABELS_PERSON] = { person, COUNT(person) },
        [TSR_LABELS_NSFW] = { nsfw, COUNT(nsfw) },
        [TSR_LABELS_HAND_SIGNS] = { hand_signs, COUNT(hand_signs) },
    };
    if ((unsigned)set >= (unsigned)COUNT(table) || index < 0 || index >= table[set].count)
        return NULL;
    return table[set].name[index];
}
