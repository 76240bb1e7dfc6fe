# A thin front for Meson; see HACKING.md.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
N       ?= 1000
SECONDS ?= 60
SEEDS   ?= 100000
EVERY   ?= 1

.PHONY: all demo test fuzz kills valgrind chaos power-cuts allocations simulate simulate-fleet mutations install clean format docs bench
.DEFAULT_GOAL := all

all: $(BUILD)/release/build.ninja
	@ninja -C $(BUILD)/release --quiet

$(BUILD)/release/build.ninja:
	@scripts/setup build
	@meson setup --buildtype=release --strip --prefix=$(PREFIX) $(BUILD)/release > /dev/null

demo: all
	@scripts/demo $(BUILD)/release

test:
	@scripts/setup test
	@scripts/test $(BUILD)

fuzz:
	@scripts/setup test
	@scripts/fuzz $(BUILD) $(SECONDS) $(TARGETS)

valgrind:
	@scripts/setup valgrind
	@scripts/valgrind $(BUILD) $(TESTS)

chaos: all
	@scripts/setup test
	@PYTHONDONTWRITEBYTECODE=1 tests/e2e/chaos.py $(BUILD)/release --rounds $(N)

kills: all
	@scripts/setup test
	@PYTHONDONTWRITEBYTECODE=1 tests/e2e/kills.py $(BUILD)/release --kills $(N)

power-cuts: all
	@scripts/setup test
	@PYTHONDONTWRITEBYTECODE=1 tests/e2e/power_cut.py $(BUILD)/release --starts $(N)

allocations: all
	@scripts/setup test
	@PYTHONDONTWRITEBYTECODE=1 tests/e2e/allocations.py $(BUILD)/release --every $(EVERY)

bench: all
	@scripts/setup bench
	@scripts/bench $(BUILD)/release

simulate: all
	@$(BUILD)/release/tests/simulation/simulate --seeds $(SEEDS)

simulate-fleet: all
	@$(BUILD)/release/tests/simulation/simulate-fleet docs

mutations:
	@PYTHONDONTWRITEBYTECODE=1 tests/simulation/mutations.py

install: all
	@meson configure -Dprefix=$(PREFIX) $(BUILD)/release
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD)/release

format:
	@clang-format -i $$(git ls-files '*.c' '*.h' '*.cc')

docs: all
	@$(BUILD)/release/tests/unit/print_state_machines > docs/state-machines.md

clean:
	rm -rf $(BUILD)
