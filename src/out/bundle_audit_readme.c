/* SPDX-License-Identifier: Apache-2.0 */
/* What an audit bundle says of itself, and how to check it. */
#include <anchorite/out/bundle_audit.h>

#include <anchorite/base/auto.h>
#include <anchorite/base/text.h>
#include <anchorite/out/bundle.h>
#include <anchorite/x509/name.h>

#include <anchorite/out/readme.h>

#include "bundle_audit_internal.h"

static void
put_fingerprint(struct buf *out, const char *label,
    const struct digest *digest)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(digest, hex);
	readme_put_fact(out, label, hex);
}

static void
put_facts(const struct ledger *ledger, const struct bundle_audit_plan *plan,
    const struct export_sum *sum, struct buf *out)
{
	AUTO(buf_release) struct buf name = { 0 };
	AUTO(buf_release) struct buf root = { 0 };
	AUTO(buf_release) struct buf range = { 0 };

	text_escape(&name, bytes_text(ledger->name));
	name_show(ledger->root->subject, &root);
	buf_printf(&range, "%lld to %lld", (long long)sum->first,
	    (long long)sum->last);
	readme_put_fact(out, "Authority", buf_cstr(&name));
	readme_put_fact(out, "Root: subject", buf_cstr(&root));
	put_fingerprint(out, "Root: SHA-256", &ledger->root->digest);
	put_fingerprint(out, "Journal key's certificate: SHA-256",
	    &ledger->journal_certificate->digest);
	readme_put_fact(out, "Records", buf_cstr(&range));
	if (plan->since != NULL)
		put_fingerprint(out, "They extend the journal with the head",
		    plan->since);
	put_fingerprint(out, "Head: SHA-256 of the last record's line",
	    &sum->head);
	if (plan->is_redacted)
		readme_put_fact(out, "Private values",
		    "left out: the records hold commitments to them");
}

static const char files_text[] =
    "\n"
    "WHAT IS HERE\n"
    "\n"
    "journal.jsonl     the records, as they stand in the journal\n"
    "objects/          what they name, by SHA-256: policies, requests,\n"
    "                  certificates, CRLs, approvals\n"
    "audit.csv         the records as a table\n"
    "acm-pca.json      the certificates issued, as AWS Private CA's audit\n"
    "acm-pca.csv       report has them\n"
    "root.pem          the root\n"
    "journal-key.pem   the certificate of the key that seals the journal\n"
    "manifest.sha256   the list of these files\n"
    "manifest.p7s      its signature, by that key\n"
    "\n"
    "Nothing here may be changed. Work in a copy.\n"
    "\n"
    "HOW TO CHECK IT\n"
    "\n"
    "1. root.pem and journal-key.pem hold one certificate each (a second\n"
    "   one would be trusted unseen). This prints 2:\n"
    "\n"
    "    cat root.pem journal-key.pem | grep -c BEGIN | grep -x 2\n"
    "\n"
    "   Compare two SHA-256 fingerprints with the record of the ceremony\n"
    "   (paper, or another way than this medium), not only with this file:\n"
    "\n"
    "    openssl x509 -in root.pem -outform DER | sha256sum\n"
    "    openssl x509 -in journal-key.pem -outform DER | sha256sum\n"
    "\n"
    "2. No file has changed since the bundle was made, and the journal key\n"
    "   has signed the list of them:\n"
    "\n"
    "    sha256sum --quiet -c manifest.sha256\n"
    "    openssl cms -verify -binary -inform DER -in manifest.p7s \\\n"
    "        -content manifest.sha256 -certfile journal-key.pem \\\n"
    "        -nointern -noverify -out /dev/null\n"
    "\n"
    "3. Each record names the SHA-256 of the line before it (the journal's\n"
    "   first one names 64 zeros). This prints the head above:\n"
    "\n"
    "    head=$(head -n 1 journal.jsonl | jq -r .prev)\n"
    "    while IFS= read -r line; do\n"
    "        prev=$(printf '%s' \"$line\" | jq -r .prev)\n"
    "        [ \"$prev\" = \"$head\" ] || echo \"BROKEN: $line\"\n"
    "        head=$(printf '%s\\n' \"$line\" | sha256sum | cut -c 1-64)\n"
    "    done <journal.jsonl; echo \"$head\"\n"
    "\n"
    "4. The journal key has sealed them, all that stands before a seal at\n"
    "   once. The newest seal:\n"
    "\n"
    "    grep '\"event\":\"seal\"' journal.jsonl | tail -n 1 >seal.json\n"
    "    jq -j '\"anchorite seal 1\\n\\(.prev)\\n\"' seal.json >seal\n"
    "    jq -j .data.signature seal.json | openssl base64 -d -A >seal.sig\n"
    "    openssl x509 -in journal-key.pem -noout -pubkey >seal.pub\n"
    "    openssl dgst -sha256 -verify seal.pub -signature seal.sig seal\n"
    "\n"
    "packaging/verifying.md, which comes with anchorite, has the rest:\n"
    "objects, certificates, CRLs, approvals, private values.\n";

void
bundle_audit_put_readme(const struct ledger *ledger,
    const struct bundle_audit_plan *plan, const struct export_sum *sum,
    int64_t now, struct buf *out)
{
	char time[TEXT_TIME_SIZE];

	text_time(now, time);
	buf_printf(out, "THE JOURNAL OF A ROOT, FOR AUDITORS\n\n"
	    "Made by anchorite " ANCHORITE_VERSION ", %s.\n\n", time);
	put_facts(ledger, plan, sum, out);
	buf_text(out, files_text);
	buf_text(out, sum->first == 1 ?
	    "\n"
	    "5. Steps 3 and 4 for every record and seal, and that each\n"
	    "   certificate and CRL is what the records give, as only the\n"
	    "   program can tell:\n"
	    "\n"
	    "    anchorite audit verify --authority .\n" :
	    "\n"
	    "That each certificate and CRL derives from what the records say\n"
	    "only the program can tell, and of a whole journal: put these\n"
	    "lines behind those that were there before, and these objects\n"
	    "beside those; 'anchorite audit verify --authority' takes both.\n");
}
