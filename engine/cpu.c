/* cpu.c - feature detection; see cpu.h.   SPDX-License-Identifier: MIT */
#include <string.h>
#include "engine/cpu.h"
#include "engine/platform.h"

static const struct {
    const char *name;
    unsigned cumulative;        /* what this level and all below it may use */
} levels[] = {
    { "c",      TSR_CPU_C },
    { "avx2",   TSR_CPU_AVX2 },
    { "avx512", TSR_CPU_AVX2 | TSR_CPU_AVX512 },
    { "neon",   TSR_CPU_NEON },
    { "neonf16", TSR_CPU_NEON | TSR_CPU_NEONF16 },
    { "neon32", TSR_CPU_NEON32 },
};
enum { LEVEL_COUNT = sizeof levels / sizeof *levels };

static unsigned mask = ~0u;

static unsigned detect(void)
{
    unsigned have = TSR_CPU_C;
#if defined(__x86_64__)
    /* The builtin also asks the OS (XGETBV): a CPU with AVX-512 under a
     * kernel that does not save ZMM registers reports no AVX-512. */
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        have |= TSR_CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        have |= TSR_CPU_AVX512;
#elif defined(__aarch64__)
    have |= TSR_CPU_NEON;
    enum { ASIMDHP = 1 << 10 };         /* of AT_HWCAP: Linux, arch/arm64/include/uapi */
    if (tsr_platform_hwcap() & ASIMDHP)
        have |= TSR_CPU_NEONF16;
#elif defined(TSR_CPU_ARMHF)
    /* Of AT_HWCAP: Linux, arch/arm/include/uapi.  VFPv4 is fused multiply-add, which the
     * first CPUs with NEON (Cortex-A8, A9) lack. */
    const unsigned long need = 1ul << 12 | 1ul << 16;   /* NEON, VFPv4 */
    if ((tsr_platform_hwcap() & need) == need)
        have |= TSR_CPU_NEON32;
#endif
    return have;
}

/* TSR_CPU=avx2 in the environment lowers the level; an unknown name changes nothing. */
static unsigned from_environment(void)
{
    const char *want = tsr_platform_env("TSR_CPU");
    for (int i = 0; want && i < LEVEL_COUNT; i++)
        if (!strcmp(want, levels[i].name))
            return levels[i].cumulative;
    return ~0u;
}

unsigned tsr_cpu_features(void)
{
    /* The one mutable global: filled with the same value by whoever comes first. */
    static _Atomic unsigned cached = ~0u;
    if (cached == ~0u)
        cached = detect() & from_environment();
    return cached & mask;
}

void tsr_cpu_mask(unsigned m) { mask = m; }

bool tsr_cpu_limit(const char *level)
{
    for (int i = 0; i < LEVEL_COUNT; i++)
        if (!strcmp(level, levels[i].name) && !(levels[i].cumulative & ~tsr_cpu_features())) {
            tsr_cpu_mask(levels[i].cumulative);
            return true;
        }
    return false;
}

const char *tsr_cpu_level(void)
{
    const unsigned have = tsr_cpu_features();
    int best = 0;
    for (int i = 1; i < LEVEL_COUNT; i++)
        if (!(levels[i].cumulative & ~have))
            best = i;
    return levels[best].name;
}
