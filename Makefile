# SPDX-License-Identifier: Apache-2.0
#
# make            builds anchorite
# make demo       the main job on a SoftHSM token, nothing asked
# make check      all tests
# make sweep      every command, killed or failed at each of its calls
#
# Both install what they lack first (packaging/deps.sh says what). More:
# asan, analyze, fuzz, bench, install, clean.
# V=1 shows the commands.

VERSION  = 0.1.0
# No clock is believed that is before this: the day of the release.
RELEASED = 2026-11-01T00:00:00Z
PREFIX  = /usr/local
B       = build

# The architecture, from the ground up: a module includes only headers of
# modules named before it (tests/lint/order.sh proves it).
MODULES = \
	base/auto base/fail base/buf base/text base/text_script base/text_time base/digest \
	base/rule base/words base/qr base/file base/file_tree base/secret base/json \
	base/json_string base/yaml base/yaml_fields \
	x509/der x509/weak x509/spki x509/spki_rules x509/alg x509/name x509/name_like x509/ext x509/ext_subtrees x509/ext_read x509/ext_values \
	x509/csr x509/cert x509/crl x509/ocsp x509/cms x509/cms_envelope x509/pkcs8 \
	x509/lint x509/lint_keys x509/lint_cert x509/lint_ext x509/lint_crl \
	token/module token/uri token/store token/token token/token_pins token/key token/key_lend \
	token/key_generate token/key_attest token/key_retire token/session \
	token/datum token/site \
	custody/share custody/sheet custody/credential \
	custody/credential_create custody/roster custody/split \
	ca/policy ca/policy_readers ca/policy_profile ca/policy_custodians ca/policy_fields \
	ca/cross \
	ca/objects ca/private ca/journal ca/state ca/sitting ca/target \
	ca/ledger \
	ca/ledger_apply ca/ledger_intent ca/ledger_approve ca/ledger_retire \
	ca/seen ca/vet ca/vet_key ca/vet_subject ca/vet_extensions ca/vet_copied \
	ca/anchor \
	ca/request ca/request_approvals ca/deed ca/deed_words ca/adoption \
	ca/authority ca/outcome ca/plan ca/evidence ca/retire ca/resplit ca/recover \
	ca/root ca/issue ca/batch ca/revoke ca/respond ca/amend \
	out/bundle out/readme out/readme_texts out/bundle_kind out/bundle_read \
	out/import_conf out/bundle_fill out/judges out/judges_path out/judges_acm_pca \
	out/judges_cloudhsm out/judges_adcs out/judges_iot \
	out/judges_truststores out/emit out/bundle_verify out/audit out/audit_objects \
	out/audit_derive out/audit_outcome out/audit_trace out/export out/export_acm_pca \
	out/bundle_audit out/bundle_audit_readme

PACKAGES = libcrypto libp11 p11-kit-1 yaml-0.1 jansson libgfshare libqrencode
CC       = gcc
CFLAGS   = -O2 -g
WARNINGS = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wvla -Wformat=2 -Wundef -Wimplicit-fallthrough
FOUND   := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
OURS     = -std=gnu11 -D_GNU_SOURCE -DOPENSSL_API_COMPAT=30000 \
	-DANCHORITE_VERSION='"$(VERSION)"' -DANCHORITE_RELEASED='"$(RELEASED)"' \
	-Iinclude $(WARNINGS) \
	-fstack-protector-strong -fPIE -ffile-prefix-map=$(CURDIR)=. $(FOUND)
HARDEN   = -pie -Wl,-z,relro,-z,now -Wl,--as-needed
LIBS    := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -ldl
COMPILE  = $(CC) $(OURS) $(CPPFLAGS) $(CFLAGS) -MMD -MP

LIBRARY  = $(B)/libanchorite.a
PROGRAM  = $(B)/anchorite
OBJECTS  = $(MODULES:%=$(B)/%.o)
CLI      = $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/cli/*.c)))
UNITS    = $(patsubst tests/unit/%.c,$(B)/unit/%,$(sort $(wildcard tests/unit/*.c)))
FUZZERS  = $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(sort $(wildcard tests/fuzz/*.c)))

Q   = $(if $(V),,@)
say = $(if $(V),,@echo "  $(1)	$(2)")

all: $(PROGRAM)

$(PROGRAM): $(CLI) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(HARDEN) -o $@ $(CLI) $(LIBRARY) $(LIBS)

$(LIBRARY): $(OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(OBJECTS)

$(B)/%.o: src/%.c Makefile
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) -c -o $@ $<

# It carries texts within (src/out/readme_texts.c).
$(B)/out/readme_texts.o: $(wildcard packaging/bundles/*.txt) packaging/online/import-bundle

# What the tests add: each unit test is a program; fake.so is a PKCS#11
# module that fails when told to.
$(B)/unit/%: tests/unit/%.c $(LIBRARY)
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(LDFLAGS) -o $@ $< $(LIBRARY) $(LIBS) -lcmocka

$(B)/fake.so: tests/fault/fake.c
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) -fPIC -shared -o $@ $< -ldl

$(B)/layer.so: tests/fault/layer.c tests/fault/layer_stdio.c tests/fault/layer.h
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) -fPIC -shared -o $@ $(filter %.c,$^) -ldl

$(B)/craft: tests/fixtures/craft_weak.c tests/fixtures/craft.h
$(B)/craft $(B)/craft_adcs: $(B)/%: tests/fixtures/%.c
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) -o $@ $(filter %.c,$^) $(LIBS)

$(B)/bench $(B)/grow $(B)/journal: $(B)/%: tests/bench/%.c $(LIBRARY)
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(LDFLAGS) -o $@ $< $(LIBRARY) $(LIBS)

$(B)/fuzz/%: tests/fuzz/%.c $(LIBRARY)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< $(LIBRARY) $(LIBS)

# The targets that people type. Those that need packages install what is
# missing first, then start make anew, which then finds the libraries.
demo:
	@packaging/deps.sh demo
	@$(MAKE) --no-print-directory all
	@ceremony/demo.sh

check:
	@packaging/deps.sh check
	@$(MAKE) --no-print-directory all tests
	@B=$(B) tests/run.sh

tests: $(UNITS) $(B)/fake.so $(B)/layer.so $(B)/craft $(B)/craft_adcs

# The kill sweep and the error sweep whole; make check takes a part of them.
sweep:
	@packaging/deps.sh check
	@$(MAKE) --no-print-directory all tests
	@B=$(abspath $(B)) SWEEP_FULL=yes sh tests/e2e/68-kill-sweep.sh
	@B=$(abspath $(B)) SWEEP_FULL=yes sh tests/e2e/69-error-sweep.sh

# The same tests under the sanitizers.
asan:
	@packaging/deps.sh check
	@$(MAKE) --no-print-directory B=$(B)/asan HARDEN=-pie \
		CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined -U_FORTIFY_SOURCE" \
		all tests
	@B=$(B)/asan tests/run.sh unit e2e

analyze:
	@packaging/deps.sh build
	@$(MAKE) --no-print-directory B=$(B)/analyze \
		CFLAGS="-O1 -fanalyzer -Wno-analyzer-fd-leak" all

# Each reader of outside bytes, FUZZ_SECONDS seconds.
FUZZ_SECONDS = 60
fuzz:
	@packaging/deps.sh fuzz
	@$(MAKE) --no-print-directory B=$(B)/fuzz CC=clang \
		CFLAGS="-O1 -g -fsanitize=address,undefined,fuzzer-no-link" fuzzers
	@B=$(B)/fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run.sh

fuzzers: $(FUZZERS)

bench:
	@packaging/deps.sh bench
	@$(MAKE) --no-print-directory all $(B)/bench $(B)/grow \
		$(B)/journal
	@B=$(B) tests/bench/run.sh
	@B=$(B) tests/bench/journal.sh

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/anchorite/policies \
		$(DESTDIR)$(PREFIX)/share/anchorite/online
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/
	install -m 644 packaging/anchorite.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 policies/*.yaml $(DESTDIR)$(PREFIX)/share/anchorite/policies/
	install -m 755 packaging/online/export-csr packaging/online/import-bundle \
		$(DESTDIR)$(PREFIX)/share/anchorite/online/
	install -m 644 packaging/online/README.md $(DESTDIR)$(PREFIX)/share/anchorite/online/

clean:
	rm -rf $(B)

.PHONY: all demo check tests sweep asan analyze fuzz fuzzers bench install clean
.DELETE_ON_ERROR:
-include $(OBJECTS:.o=.d) $(CLI:.o=.d) $(UNITS:=.d)
