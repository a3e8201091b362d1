# Tarsier - `make help` lists the targets.

CC       ?= cc
AR       ?= ar
OPT      ?= -O3
B        ?= build$(BLAS:%=-%)
PREFIX   ?= /usr/local
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wundef -Wvla -Wdouble-promotion \
            -Wno-missing-field-initializers
# make WERROR=1: warnings are errors (continuous integration)
WARN     += $(if $(WERROR),-Werror)
# No contraction: a kernel's reference must round where it says it rounds.
CFLAGS   += -std=c11 -ffp-contract=off -g $(OPT) $(WARN) -MMD -MP -I.
LDLIBS   += -lm -pthread

# A kernel's file name says which instructions it may use, and only it gets them.
LEVELS       := avx2 avx512 neon neonf16 neon32
FLAGS.avx2   := -mavx2 -mfma
FLAGS.avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512
FLAGS.neonf16 := -march=armv8.2-a+fp16
FLAGS.neon32 := -march=armv7-a -mfpu=neon-vfpv4 -fno-math-errno
MACHINE        := $(shell $(CC) -dumpmachine)
ARCH           := $(firstword $(subst -, ,$(MACHINE)))
LEVELS.x86_64  := avx2 avx512
LEVELS.aarch64 := neon neonf16
# Linux with floats in registers, not microcontrollers: engine/cpu.h.
LEVELS.arm     := $(if $(findstring linux,$(MACHINE)),$(if $(findstring eabihf,$(MACHINE)),neon32))
level = $(lastword $(subst _, ,$*))
# Single files, GCC only.  Its choice of loop variables copies pointers in every turn; its
# scheduler before register allocation moves the loads of 4 steps together; then 32 registers
# do not suffice, and sums are copied to and fro.
# Its loop vectoriser takes k for the dimension to vectorise, and adds up lane by lane.
GCC := $(if $(findstring clang,$(shell $(CC) --version)),,yes)
FLAGS.gemm_f32_neon := $(if $(GCC),-fno-schedule-insns -fno-ivopts -fno-shrink-wrap)
FLAGS.dwconv_f32_neon := $(FLAGS.gemm_f32_neon)
FLAGS.gemm_f16_neonf16 := $(if $(GCC),-fno-schedule-insns -fno-shrink-wrap)
FLAGS.dwconv_f16_neonf16 := $(FLAGS.gemm_f32_neon)
FLAGS.gemm_f32_neon32 := $(if $(GCC),-fno-schedule-insns)
FLAGS.gemm_f32_c    := $(if $(GCC),-fno-tree-loop-vectorize)

# make FORMATS="tflite tsr": the file formats to read.  tfjs wants libcjson.
# keras (.h5, .keras) wants libhdf5 and libzip besides and must be asked for:
# libhdf5 crashes on some damaged files, so it is for files that you trust.
FORMATS  ?= tflite tsr tfjs onnx
HDF5     ?= /usr/include/hdf5/serial
FILES.tflite := loaders/tflite%.c loaders/flatbuffer.c loaders/flexbuffer.c
FILES.tsr    := loaders/tsr_%.c
FILES.tfjs   := loaders/tfjs%.c
FILES.keras  := loaders/keras_file.c loaders/keras_h5.c
FILES.onnx   := $(filter-out loaders/onnx_emit.c loaders/onnx_export%, \
                             $(wildcard loaders/onnx*.c))
LIBS.tfjs    := -lcjson
LIBS.keras   := -lhdf5_serial -lzip -lcjson
DEFS.tflite  := -DTSR_READS_TFLITE
DEFS.tsr     := -DTSR_READS_TSR
DEFS.tfjs    := -DTSR_READS_TFJS
DEFS.onnx    := -DTSR_READS_ONNX
DEFS.keras   := -DTSR_READS_KERAS -isystem $(HDF5)
LEFT_OUT := $(foreach f,$(filter-out $(FORMATS),tflite tsr tfjs onnx keras),$(FILES.$f)) \
            $(if $(filter tfjs keras,$(FORMATS)),, \
              loaders/census.c $(addprefix loaders/keras_,conv.c layers.c model.c pieces.c))
CPPFLAGS += $(foreach f,$(FORMATS),$(DEFS.$f))
LDLIBS   := $(foreach f,$(FORMATS),$(LIBS.$f)) $(LDLIBS)

# make BLAS=openblas: float convolutions by OpenBLAS's gemm (libopenblas-dev).
BLAS     :=
ifneq ($(filter-out openblas,$(BLAS)),)
$(error BLAS=$(BLAS): the only one known is openblas)
endif
LEFT_OUT += $(if $(BLAS),,ops/conv2d_blas.c)
CPPFLAGS += $(if $(BLAS),-DTSR_BLAS)
LDLIBS   := $(BLAS:%=-l%) $(LDLIBS)

ALL_SRC  := $(filter-out $(LEFT_OUT), \
              $(wildcard engine/*.c ops/*.c ops/kernels/*.c loaders/*.c models/*.c))
LIB_SRC  := $(filter-out $(foreach l,$(LEVELS),%_$l.c),$(ALL_SRC)) \
            $(foreach l,$(LEVELS.$(ARCH)),$(wildcard ops/kernels/*_$l.c))
CLI_SRC  := $(wildcard cli/*.c cli/*/*.c)
CHECK_SRC := $(wildcard tests/checkkern/*.c)
# With OpenBLAS nothing is packed and few layers run by rows: nothing to test there.
NO_TESTS := $(if $(filter keras,$(FORMATS)),,tests/test_keras.c) \
            $(if $(BLAS),$(addprefix tests/test_,chain.c chain_bytes.c narrow.c tsr_file.c))
TEST_SRC := $(filter-out $(NO_TESTS),$(wildcard tests/test_*.c))
object    = $(patsubst %.c,$(B)/%.o,$1)
TESTS    := $(patsubst tests/%.c,$(B)/%,$(TEST_SRC))
# -lstb decodes pictures, -lz packs PNGs, -lcjson writes JSON, -lnettle is SHA-256.
CLI_LIBS  = -lcjson -lstb -lnettle -lz
VERSION   = $(shell sed -n 's/^.define TSR_VERSION "\(.*\)"/\1/p' engine/tsr.h)
LIB       = $(DESTDIR)$(PREFIX)/lib
INCLUDE   = $(DESTDIR)$(PREFIX)/include/tarsier/engine

# What many-peers installs.  Spark is 450 MB.
MANY     ?= 'dask[distributed]' pyspark

# A Python with torch, torchvision and onnx.
TORCH_PYTHON ?= /usr/bin/python3

# Other builds of the same sources, each in a folder of its own.
SANITISE        := -fsanitize=address,undefined -fno-sanitize-recover=all
VARIANT.keras   := B=build-keras FORMATS='tflite tsr tfjs onnx keras'
VARIANT.clang   := B=build-clang CC=clang
VARIANT.asan    := B=build-asan OPT='-O1 $(SANITISE)' LDFLAGS='$(SANITISE)'
VARIANT.tsan    := B=build-tsan OPT='-O1 -fsanitize=thread' LDFLAGS=-fsanitize=thread
VARIANT.aarch64 := B=build-aarch64 CC=aarch64-linux-gnu-gcc AR=aarch64-linux-gnu-ar \
                   FORMATS='tflite tsr' RUN='qemu-aarch64 -L /usr/aarch64-linux-gnu'
VARIANT.armhf   := B=build-armhf CC=arm-linux-gnueabihf-gcc AR=arm-linux-gnueabihf-ar \
                   FORMATS='tflite tsr' RUN='qemu-arm -L /usr/arm-linux-gnueabihf'
BLAS_TESTS      := $(addprefix build-openblas/test_,conv2d dense golden session threads)
variant          = +@$(MAKE) --no-print-directory $(VARIANT.$*)

## all: the library and the tarsier program, in build/ (default)
all: $(B)/tarsier
## tests: build every test program
tests: $(B)/checkkern $(B)/bench_session $(B)/header_program $(TESTS)
## check: build and run the tests of this build; ./check does much more
check: tests
	@tests/run.sh $(B)/checkkern $(TESTS)
## golden: only the tests against golden tensors, which TARSIER_GOLDEN names
golden: tests
	@tests/run.sh $(filter %golden,$(TESTS))
## onnx-table: which cases of ONNX's own test data pass, by operator (libonnx-testdata)
onnx-table: $(B)/test_onnx_nodes
	@$< --table
## kernels: test every kernel variant this CPU can run, and print its speed
kernels: $(B)/checkkern
	$(RUN) $< --bench $(ARGS)
## keras: a build in build-keras/ that reads Keras files too, and its tests
## asan: the tests under AddressSanitizer and UBSan (build-asan/; likewise below)
## tsan: the tests under ThreadSanitizer
## clang: the tests as clang compiles them
## openblas: a build in build-openblas/ with OpenBLAS's gemm, and the tests it concerns
## BLAS=openblas: after any target, that one in the same build (libopenblas-dev)
keras:
	+@$(MAKE) --no-print-directory $(VARIANT.keras) build-keras/test_keras
	@tests/run.sh build-keras/test_keras
openblas:
	+@$(MAKE) --no-print-directory BLAS=openblas all $(BLAS_TESTS) build-openblas/bench_session
	@tests/run.sh $(BLAS_TESTS)
asan tsan clang: %: %-tests
	$(variant) check
## aarch64: the kernels for 64-bit Arm, under emulation
## armhf: the kernels on 32-bit Arm, under emulation
aarch64 armhf: %: %-tests
	$(variant) check-kernels
asan-tests tsan-tests clang-tests: %-tests:
	$(variant) all tests
aarch64-tests armhf-tests: %-tests:
	$(variant) cross-tests
cross-tests: $(B)/checkkern $(B)/bench_session
check-kernels: $(B)/checkkern
	@tests/run.sh $<
## bench: time whole models beside the peers, taking turns; bench/README.md
bench: all $(B)/bench_session $(B)/bench_peak bench-debian
	-@$(MAKE) --no-print-directory bench-peers bench-networks
	python3 bench/compare.py --ours $(B)/bench_session --tarsier $(B)/tarsier \
	    --peak-program $(B)/bench_peak $(ARGS)
## bench-aarch64: instructions of whole networks on 64-bit Arm, counted under emulation
bench-aarch64: all $(B)/qemu_count.so
	+@$(MAKE) --no-print-directory $(VARIANT.aarch64) build-aarch64/count_session
	python3 bench/aarch64.py --tarsier $(B)/tarsier --plugin $(B)/qemu_count.so $(ARGS)
## bench-follow: frames a second of hands and faces; PHOTO=two_hands.jpg, ARGS='threads'
bench-follow: $(B)/bench_follow
	$< $(or $(WHAT),hands) $(PHOTO) $(ARGS)
## bench-peers: a Python environment with the peers, in build/peers
bench-peers: build/peers/all
## bench-debian: adapters for Debian's XNNPACK and oneDNN, for what is installed of them
PEER_HEADER.xnnpack := xnnpack.h
PEER_HEADER.onednn  := oneapi/dnnl/dnnl.h
has_header = $(shell echo '\#include <$1>' | $(CC) -E - >/dev/null 2>&1 && echo yes)
bench-debian: $(foreach p,xnnpack onednn,$(if $(filter bench bench-debian,$(MAKECMDGOALS)), \
                  $(if $(call has_header,$(PEER_HEADER.$p)),$(B)/peer_$p)))
## bench-networks: networks with random weights, in build/networks
bench-networks: build/networks/ready
## many-peers: Dask and Spark for tests/many.sh, in build/many
many-peers:
	python3 -m venv build/many
	build/many/bin/pip install --quiet $(MANY)
## export-check: every float model as ONNX, in the hands of ONNX Runtime
export-check: $(B)/tarsier build/peers/ready
	build/peers/bin/python tests/export.py $<
## torch-check: what PyTorch exports, by us and by ONNX Runtime (python3-torchvision)
torch-check: $(B)/tarsier build/torch/made_by.json build/peers/ready
	build/peers/bin/python tests/torch_models.py check build/torch $<
## lint: line length, words, file names, licence lines, who includes whom
lint:
	@tests/run.sh tests/lint.sh tests/layering.sh
## install: program, library, headers and tarsier.pc below PREFIX
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(LIB)/pkgconfig $(INCLUDE)
	install $(B)/tarsier $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(B)/libtarsier.a $(LIB)/
	install -m 644 engine/tsr.h engine/status.h engine/threads.h $(INCLUDE)/
	install -d $(INCLUDE)/../models
	install -m 644 models/vision.h models/catalogue.h models/track.h models/follow.h \
	    models/detect.h $(INCLUDE)/../models/
	@printf '%s\n' 'prefix=$(PREFIX)' 'Name: tarsier' 'Version: $(VERSION)' \
	    'Description: vision networks in plain C' \
	    'Libs: -L$${prefix}/lib -ltarsier $(strip $(LDLIBS))' \
	    'Cflags: -I$${prefix}/include/tarsier' \
	    > $(LIB)/pkgconfig/tarsier.pc
## installed: install below build/ and build programs against that, as a user would
installed: all $(B)/header_program
	tests/install.sh $(B)
## clean: remove what was built
clean:
	rm -rf $(B) $(foreach v,clang asan tsan aarch64 armhf openblas,build-$v)
## help: this list
help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST)) | awk -F': ' '{ printf "%-14s %s\n", $$1, $$2 }'

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(FLAGS.$(level)) $(FLAGS.$(notdir $*)) -c $< -o $@

$(B)/libtarsier.a: $(call object,$(LIB_SRC))
	@rm -f $@
	$(AR) rcs $@ $^

# Everything of the program but main, so that tests can link it, too.
$(B)/libcli.a: $(call object,$(filter-out cli/main.c,$(CLI_SRC)))
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/tarsier: $(B)/cli/main.o $(B)/libcli.a $(B)/libtarsier.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(CLI_LIBS) $(LDLIBS) -o $@

$(B)/checkkern: $(call object,$(CHECK_SRC)) $(B)/libtarsier.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

# What several tests share: every file in tests/ that is no test itself.
$(B)/libtests.a: $(call object,$(filter-out tests/test_%,$(wildcard tests/*.c)))
	@rm -f $@
	$(AR) rcs $@ $^

$(TESTS): $(B)/test_%: $(B)/tests/test_%.o $(B)/libtests.a $(B)/libcli.a $(B)/libtarsier.a
	$(CC) $(CFLAGS) $(LDFLAGS) $(WRAP) $^ -lcmocka $(CLI_LIBS) $(LDLIBS) -o $@

# A camera that the test plays itself.
$(B)/test_camera: WRAP := -Wl,--wrap=ioctl

# The model under remote control, ours or through somebody else's operators.
REMOTE = $(call object,bench/remote.c cli/file.c cli/npy.c) $(B)/libtarsier.a
$(B)/bench_session $(B)/count_session: $(B)/%: $(B)/bench/%.o $(REMOTE)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

# Libraries of operators from Debian, for what is there of them.
PEER_LIBS.xnnpack := -lXNNPACK -lpthreadpool
PEER_LIBS.onednn  := -ldnnl -lgomp
$(B)/peer_onednn: $(B)/bench/peers/onednn_values.o
$(B)/peer_%: $(B)/bench/peers/%.o $(REMOTE)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(PEER_LIBS.$*) $(LDLIBS) -o $@

$(B)/qemu_count.so: bench/qemu_count.c
	$(CC) -std=c11 -O2 $(WARN) -fPIC -shared -fvisibility=hidden $< -o $@

PEAK_SRC = bench/peak.c $(wildcard $(LEVELS.$(ARCH):%=bench/peak_%.c))
$(B)/bench_peak: $(call object,$(PEAK_SRC)) $(B)/libtarsier.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(B)/bench_follow: $(call object,bench/bench_follow.c) $(B)/libcli.a $(B)/libtarsier.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(CLI_LIBS) $(LDLIBS) -o $@

# The program at the head of the public header, taken out of its comment: it
# compiles as it stands, or the build of the tests fails.
$(B)/header_program.c: engine/tsr.h
	@mkdir -p $(@D)
	sed -n '/^ \*     #include/,/^ \*     }$$/s/^ \* \{0,5\}//p' $< > $@

$(B)/header_program: $(B)/header_program.c $(B)/libtarsier.a
	$(CC) $(CFLAGS) -Werror $(LDFLAGS) $< $(B)/libtarsier.a $(LDLIBS) -o $@

# A board may not find a wheel of each: what is absent is named, and the rest is timed.
build/peers/ready: bench/peers/requirements.txt
	python3 -m venv build/peers
	build/peers/bin/python -m pip install --quiet -r $<
	touch $@

# Of pnnx the program alone: PyTorch (5 GB) is wanted by its scripts only.
build/peers/all: bench/peers/requirements-more.txt build/peers/ready
	for p in $$(cat $<); do build/peers/bin/python -m pip install --quiet $$p; done
	-build/peers/bin/python -m pip install --quiet --no-deps pnnx
	touch $@

# Debian's torch, with Debian's Python: a venv that comes first in PATH does not see it.
build/torch/made_by.json: tests/torch_models.py
	$(TORCH_PYTHON) $< write $(@D)

build/networks/ready: bench/networks.py bench/as_tflite.py | build/peers/ready
	build/peers/bin/python $< $(@D)
	touch $@

.SECONDARY:
.PHONY: all tests check golden onnx-table kernels keras openblas asan tsan clang aarch64 armhf \
        asan-tests tsan-tests clang-tests aarch64-tests armhf-tests cross-tests check-kernels \
        bench bench-aarch64 bench-debian bench-follow bench-peers bench-networks \
        export-check torch-check \
        many-peers lint install installed clean help
-include $(shell find $(B) -name '*.d' 2>/dev/null)
