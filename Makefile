# The front door. Meson and Ninja do the work; everything is built below build*/.
#
#   make         builds lanyard           make demo   what it is for, in a minute
#   make test    all tests                make asan   the same under the sanitizers
#   make check   layers, format, words    make fuzz   looks for what no test thought of
#   make bench   figures, against peers   make crash  SIGKILL, a hundred times
#   make docs    man and web pages        make install DESTDIR= PREFIX=/usr/local
#   make targets each of these, shortened, in a fresh copy of the tree
#
# SHORT=1 makes a target do a little of its work: enough to see that it can.

PREFIX ?= /usr/local
JOBS   ?= $(shell nproc)
SHORT  ?=
export SHORT

all: build/build.ninja
	@ninja -C build -j$(JOBS)

build/build.ninja:
	@tools/setup
	@meson setup build --prefix=$(PREFIX) >/dev/null

demo:
	@tools/setup demo
	@$(MAKE) --no-print-directory all
	@demo/run

test:
	@tools/setup test
	@$(MAKE) --no-print-directory all
	@tests/all build

asan:
	@tools/setup test
	@[ -f build-asan/build.ninja ] || meson setup build-asan -Db_sanitize=address,undefined -Dbuildtype=debugoptimized >/dev/null
	@ninja -C build-asan -j$(JOBS)
	@tests/all build-asan

tsan:
	@tools/setup test
	@[ -f build-tsan/build.ninja ] || meson setup build-tsan -Db_sanitize=thread >/dev/null
	@ninja -C build-tsan -j$(JOBS)
	@tests/all build-tsan unit

check:
	@tools/check-layers
	@tools/check-banned
	@tools/setup check
	@tools/format --check
	@tools/check-shell
	@tools/check-words
	@tools/check-analyzer

fuzz:
	@tools/setup fuzz
	@fuzz/run $(if $(SHORT),1 scope)

crash:
	@$(MAKE) --no-print-directory all
	@tools/setup test
	@LANYARD_ROTATIONS=$(if $(SHORT),6,60) tests/run 'build/crash-store $(if $(SHORT),8,100)' 'build/crash-server $(if $(SHORT),6,100)' \
	    'tests/system/test_keys.py -k while_keys_rotate'

bench:
	@tools/setup bench
	@$(MAKE) --no-print-directory all
	@bench/run

docs: all
	@tools/gen-command-pages
	$(if $(SHORT),,@tools/gen-conformance)
	@echo "man pages and completion: build/docs/man; pages for the web: docs/commands, docs/library-conformance.md"

install: all
	@meson install -C build --no-rebuild $(if $(DESTDIR),--destdir $(DESTDIR))
	$(if $(DESTDIR),,@[ "$$(id -u)" -ne 0 ] || PATH="$$PATH:/usr/sbin:/sbin" ldconfig)

targets:
	@tests/run tests/targets

clean:
	@rm -rf build build-asan build-clang build-fuzz build-tsan

.PHONY: all demo test asan tsan check fuzz crash bench docs install targets clean
