/*
 * status.h - how a call says that it failed, and why.
 *
 * Every fallible function returns a tsr_status and takes a tsr_error * (NULL
 * if the caller does not care).  The place that finds the fault writes the
 * sentence, once; everybody above only passes the status on with TSR_TRY.
 * SPDX-License-Identifier: MIT
 */
#ifndef TSR_STATUS_H
#define TSR_STATUS_H

#if defined(__GNUC__)
#define TSR_MUST_USE      __attribute__((warn_unused_result))
#define TSR_PRINTF(f, a)  __attribute__((format(printf, f, a)))
#else
#define TSR_MUST_USE
#define TSR_PRINTF(f, a)
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    TSR_OK = 0,
    TSR_BAD_ARGUMENT,           /* the caller broke the contract            */
    TSR_BAD_FILE,               /* the file is damaged or not of its format */
    TSR_UNSUPPORTED,            /* a sound file that asks for what we lack  */
    TSR_NO_MEMORY,              /* a block given to us is too small         */
} tsr_status;

typedef struct {
    tsr_status status;
    char text[320];             /* "conv2d 'block_3': dilation 2 on int8"   */
} tsr_error;

/* Record the first error and return its status: `return tsr_fail(...)`. */
tsr_status tsr_fail(tsr_error *e, tsr_status s, const char *fmt, ...)
    TSR_PRINTF(3, 4);

/* Return from this function, too, when `call` failed. */
#define TSR_TRY(call)                       \
    do {                                    \
        const tsr_status try_ = (call);     \
        if (try_ != TSR_OK)                 \
            return try_;                    \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif
