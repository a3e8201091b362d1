/*
 * qemu_count.c - a QEMU plugin that counts executed instructions, exactly.
 *
 *     qemu-aarch64 -plugin build/qemu_count.so,out=FILE PROGRAM ...
 *
 * A benchmark for machines that are not there: instructions do not depend on the
 * load of the host, so two counts of the same code agree to the last digit.
 *
 * QEMU translates a program in blocks without jumps inside.  A block always runs
 * from its beginning to its end, so it is enough to count, for each block, how
 * often it was entered, and to know how many instructions it has.
 *
 * The program under test executes a mark - an instruction that does nothing and
 * that no compiler writes - wherever it wants a reading:
 *
 *     A64   orr x27, x27, x27          A32   mov r10, r10
 *
 * FILE gets one line for each mark: the instructions executed since the mark
 * before it (the first: since the start), and how many of them multiply and add
 * vectors.  Marks belong into a function of their own, and to one thread.
 *
 * Version 1 of the plugin interface (QEMU 6 to 8.1, docs/devel/tcg-plugins.rst).
 * Its header is in no Debian package; the few declarations needed are below.
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;          /* a translated block */
struct qemu_plugin_insn;

typedef void tb_trans_cb(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void exec_cb(unsigned vcpu, void *data);
typedef void exit_cb(qemu_plugin_id_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb *cb);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, exec_cb *cb, int flags,
                                          void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_cb *cb,
                                            int flags, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_cb *cb, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

typedef struct {
    uint64_t instructions, multiplies;
} count;

typedef struct {
    uint64_t after;             /* instructions of the block from the mark on */
} mark;

enum { A64_MARK = (int)0xaa1b037bu, A32_MARK = (int)0xe1a0a00au };

/* What multiplies and adds vectors: (word & mask) == value. */
static const struct { uint32_t mask, value; } multiplies[] = {
    { 0xbfa0fc00, 0x0e20cc00 },     /* A64 FMLA Vd.4S, Vn.4S, Vm.4S      */
    { 0xbf80f400, 0x0f801000 },     /* A64 FMLA Vd.4S, Vn.4S, Vm.S[i]    */
    { 0xbfe0fc00, 0x0e400c00 },     /* A64 FMLA Vd.8H, Vn.8H, Vm.8H      */
    { 0xbfc0f400, 0x0f001000 },     /* A64 FMLA Vd.8H, Vn.8H, Vm.H[i]    */
    { 0x9f00f400, 0x0f002000 },     /* A64 SMLAL, UMLAL by element       */
    { 0x9f20fc00, 0x0e208000 },     /* A64 SMLAL, UMLAL                  */
    { 0xbfe0fc00, 0x0e809400 },     /* A64 SDOT Vd.4S, Vn.16B, Vm.16B    */
    { 0xbfc0f400, 0x0f80e000 },     /* A64 SDOT Vd.4S, Vn.16B, Vm.4B[i]  */
    { 0xffe0fc00, 0x4e80a400 },     /* A64 SMMLA                         */
    { 0xffb00f50, 0xf2000c50 },     /* A32 VFMA Qd, Qn, Qm               */
    { 0xffb00f50, 0xf2000d50 },     /* A32 VMLA Qd, Qn, Qm               */
};

static count total, last;
static FILE *out;

static int is_multiply(uint32_t word)
{
    for (size_t i = 0; i < sizeof multiplies / sizeof *multiplies; i++)
        if ((word & multiplies[i].mask) == multiplies[i].value)
            return 1;
    return 0;
}

static void on_block(unsigned vcpu, void *data)
{
    const count *block = data;
    (void)vcpu;
    total.instructions += block->instructions;
    total.multiplies += block->multiplies;
}

/* The mark's own block has been added as a whole: what follows the mark is taken off,
 * and belongs to the next reading. */
static void on_mark(unsigned vcpu, void *data)
{
    const mark *m = data;
    (void)vcpu;
    const count now = { total.instructions - m->after, total.multiplies };
    fprintf(out, "%llu %llu\n", (unsigned long long)(now.instructions - last.instructions),
            (unsigned long long)(now.multiplies - last.multiplies));
    last = now;
}

/* What is allocated here lives as long as the translation may run: to the end. */
static void *need(size_t bytes)
{
    void *p = calloc(1, bytes);
    if (!p)
        abort();
    return p;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    count *block = need(sizeof *block);
    const size_t n = qemu_plugin_tb_n_insns(tb);
    block->instructions = n;
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint32_t word = 0;
        if (qemu_plugin_insn_size(insn) != sizeof word)
            continue;                   /* Thumb's short ones */
        memcpy(&word, qemu_plugin_insn_data(insn), sizeof word);
        block->multiplies += (uint64_t)is_multiply(word);
        if (word == (uint32_t)A64_MARK || word == (uint32_t)A32_MARK) {
            mark *m = need(sizeof *m);
            m->after = n - i;
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, 0, m);
        }
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, 0, block);
}

static void on_exit_(qemu_plugin_id_t id, void *data)
{
    (void)id, (void)data;
    fclose(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++)
        if (!strncmp(argv[i], "out=", 4))
            out = fopen(argv[i] + 4, "w");
    if (!out) {
        fprintf(stderr, "qemu_count: wants out=FILE, a file that can be written\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_, NULL);
    return 0;
}
