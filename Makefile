# Tarsier - `make help` lists the targets.

CC       ?= cc
AR       ?= ar
OPT      ?= -O3
B        ?= build
PREFIX   ?= /usr/local
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wundef -Wvla -Wdouble-promotion
# make WERROR=1: warnings are errors (continuous integration)
WARN     += $(if $(WERROR),-Werror)
# No contraction: a kernel's reference must round where it says it rounds.
CFLAGS   += -std=c11 -ffp-contract=off -g $(OPT) $(WARN) -MMD -I.
LDLIBS   += -lm -pthread

# A kernel's file name says which instructions it may use, and only it gets them.
LEVELS       := avx2 avx512 neon
FLAGS.avx2   := -mavx2 -mfma
FLAGS.avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512
ARCH           := $(shell $(CC) -dumpmachine | cut -d- -f1)
LEVELS.x86_64  := avx2 avx512
LEVELS.aarch64 := neon
level = $(lastword $(subst _, ,$*))

ALL_SRC  := $(wildcard engine/*.c ops/*.c ops/kernels/*.c loaders/*.c models/*.c)
LIB_SRC  := $(filter-out $(foreach l,$(LEVELS),%_$l.c),$(ALL_SRC)) \
            $(foreach l,$(LEVELS.$(ARCH)),$(wildcard ops/kernels/*_$l.c))
CLI_SRC  := $(wildcard cli/*.c)
CHECK_SRC := $(wildcard tests/checkkern/*.c)
TEST_SRC := $(wildcard tests/test_*.c)
object    = $(patsubst %.c,$(B)/%.o,$1)
TESTS    := $(patsubst tests/%.c,$(B)/%,$(TEST_SRC))
# -lstb decodes and writes pictures, -lcjson writes JSON, -lnettle is SHA-256.
CLI_LIBS  = -lcjson -lstb -lnettle

## all: the library and the tarsier program, in build/ (default)
all: $(B)/tarsier
## tests: build every test program
tests: $(B)/checkkern $(TESTS)
## check: build and run the tests
check: tests
	@set -e; for t in $(B)/checkkern $(TESTS); do echo "== $$t"; $(RUN) $$t; done
## kernels: test every kernel variant this CPU can run, and print its speed
kernels: $(B)/checkkern
	$(RUN) $< --bench $(ARGS)
## install: copy program, library and headers below PREFIX
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/include/engine
	install $(B)/tarsier $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(B)/libtarsier.a $(DESTDIR)$(PREFIX)/lib/
	install -m 644 engine/tsr.h engine/status.h engine/threads.h $(DESTDIR)$(PREFIX)/include/engine/
## clean: remove what was built
clean:
	rm -rf $(B)
## help: this list
help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST)) | awk -F': ' '{ printf "%-12s %s\n", $$1, $$2 }'

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(FLAGS.$(level)) -c $< -o $@

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

$(TESTS): $(B)/test_%: $(B)/tests/test_%.o $(B)/libcli.a $(B)/libtarsier.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -lcmocka $(CLI_LIBS) $(LDLIBS) -o $@

.SECONDARY:
.PHONY: all tests check kernels install clean help
-include $(shell find $(B) -name '*.d' 2>/dev/null)
