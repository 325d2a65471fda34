# SPDX-License-Identifier: GPL-2.0-or-later

prefix = /usr
DESTDIR =

# The running kernel's headers or, where it has none, the newest installed.
headers = $(or $(wildcard /lib/modules/$(shell uname -r)/build/Makefile),$\
	$(lastword $(shell ls -d /lib/modules/*/build/Makefile 2>/dev/null | sort -V)))
KDIR ?= $(patsubst %/Makefile,%,$(headers))
kver = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h)

# Scripts look for a kernel of their own unless told of one.
ifneq ($(filter command line environment,$(origin KDIR)),)
export KDIR
endif

vm = selftests/vm
moddir = $(DESTDIR)/lib/modules/$(kver)/updates
incdir = $(DESTDIR)$(prefix)/include/linux
mandir = $(DESTDIR)$(prefix)/share/man
uapi = $(notdir $(wildcard uapi/linux/*.h))
pages = $(filter-out %/kchan.d.5,$(wildcard tools/man/*.[2-8]))
page_dest = $(mandir)/man$(subst .,,$(suffix $(1)))

all: module lib tools

module:
	@[ -n "$(KDIR)" ] || { echo "No kernel headers are installed:" \
		"apt-get install linux-headers-amd64, or make KDIR=DIR"; exit 1; }
	+@$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) modules

lib:
	+@$(MAKE) --no-print-directory -C lib

tools: lib
	+@$(MAKE) --no-print-directory -C tools

abidiff:
	+@$(MAKE) --no-print-directory -C lib abidiff

bench:
	@$(vm)/packages bench
	+@$(MAKE) --no-print-directory module tools
	@selftests/bench/run

bench-compare: tools
	@selftests/bench/compare "$(BASE)"

demo:
	@$(vm)/packages vm
	+@$(MAKE) --no-print-directory module
	@selftests/demo/run

check:
	@$(vm)/check

check-long:
	@$(vm)/check --long

style:
	@$(vm)/style

vm:
	@$(vm)/packages vm
	+@$(MAKE) --no-print-directory module
	@$(vm)/run --mount --interactive

install: all
	install -D -m 644 -t $(moddir) kchan.ko
	install -D -m 644 -t $(incdir) $(uapi:%=uapi/linux/%)
	$(foreach p,$(pages),install -D -m 644 -t $(call page_dest,$(p)) $(p) && ) :
	+$(MAKE) -C lib install
	+$(MAKE) -C tools install
	[ -n "$(DESTDIR)" ] || depmod $(kver)

uninstall:
	rm -f $(moddir)/kchan.ko $(uapi:%=$(incdir)/%)
	rm -f $(foreach p,$(pages),$(call page_dest,$(p))/$(notdir $(p)))
	+$(MAKE) -C lib uninstall
	+$(MAKE) -C tools uninstall
	[ -n "$(DESTDIR)" ] || depmod $(kver)

clean:
	rm -rf .tmp_versions .cache.mk .Module.symvers.cmd .modules.order.cmd \
		.kchan.* kchan.ko kchan.o kchan.mod* modules.order Module.symvers
	find kmod -name '*.o' -o -name '.*.cmd' -o -name '.*.d' -o -name '*.o.d' | \
		xargs -r rm -f
	+$(MAKE) -C lib clean
	+$(MAKE) -C tools clean
	+[ ! -e selftests/Makefile ] || $(MAKE) -C selftests clean

help:
	@echo 'make             build all: module, lib, tools'
	@echo 'make module      kchan.ko alone'
	@echo 'make demo        show it at work in a throw-away virtual machine'
	@echo 'make vm          a shell in that machine, with everything loaded; ^D ends it'
	@echo 'make bench       measure what it costs, in that machine, and what else costs'
	@echo 'make bench-compare BASE=FILE'
	@echo '                 compare the figures with those of an earlier make bench'
	@echo 'make check       run the tests; make check-long runs them at length'
	@echo 'make style       run the static checks alone'
	@echo 'make install     everything; make uninstall removes it'
	@echo 'make abidiff     compare what the library exports with the last release'
	@echo 'make clean       remove what was built'
	@echo
	@echo 'KDIR=DIR         build directory of another kernel ($(KDIR))'
	@echo 'DESTDIR=DIR      stage the installation there; prefix=$(prefix)'
	@echo 'V=1              show each command'
	@echo 'NO_INSTALL=1     name the Debian packages that are missing, install none'

.PHONY: all module lib tools abidiff bench bench-compare demo check check-long \
	style vm install uninstall clean help
