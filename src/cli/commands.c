/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include <anchorite/ca/issue.h>

#include "cli.h"

#define NEEDS TAKES

const struct command commands[] = {
	{ "init", "DIR", 1, 1,
	    TAKES_ACT | TAKES(OPT_POLICY) | TAKES(OPT_NAME),
	    NEEDS(OPT_POLICY), "begin an authority",
	    "Makes the directory DIR with an empty journal, generates the "
	    "journal's own key (EC P-256) in the token, puts the policy in "
	    "force and seals that as the first record. The root key comes "
	    "next: root generate, or root adopt.",
	    "anchorite init --site site.yaml --policy "
	    "policies/acm-pca-rsa-4096.yaml example-root", run_init },
	{ "token list", "", 0, 0, TAKES_SITE | TAKES(OPT_JSON), 0,
	    "list the tokens of the site's module",
	    "Lists every token that the module shows, with the URI that names "
	    "it. Nothing is logged in to.",
	    "anchorite token list --site site.yaml", run_token_list },
	{ "token init", "", 0, 0,
	    TAKES_SITE | TAKES(OPT_LABEL), NEEDS(OPT_LABEL),
	    "initialise an empty token",
	    "Initialises the first token that is not initialised yet, under "
	    "the label, and sets its SO PIN and user PIN (asked in this "
	    "order, each twice). A token that is in use is never touched.",
	    "anchorite token init --site site.yaml --label example-root",
	    run_token_init },
	{ "token show", "", 0, 0, TAKES_SITE | TAKES(OPT_JSON), 0,
	    "show the site's token",
	    "Shows what the token of the site file says of itself: maker, "
	    "serial, versions, and how its PIN stands.",
	    "anchorite token show --site site.yaml", run_token_show },
	{ "root generate", "", 0, 0, TAKES_WRITE, 0,
	    "make the root key in the token",
	    "Generates the root key pair as the policy says, reads every "
	    "attribute back, proves that the token will not wrap the key out "
	    "and that it signs, and records all this as its attestation.",
	    "anchorite root generate --authority example-root --site "
	    "site.yaml", run_root_generate },
	{ "root adopt", "", 0, 0, TAKES_WRITE | TAKES(OPT_KEY), NEEDS(OPT_KEY),
	    "take a key that is in the token already",
	    "Takes an existing key pair as the root's. It is attested as a "
	    "generated one is; what cannot be known of its past, the record "
	    "says.",
	    "anchorite root adopt --authority example-root --site site.yaml "
	    "--key 'pkcs11:object=old-root'", run_root_adopt },
	{ "root certify", "", 0, 0, TAKES_WRITE | TAKES(OPT_YES), 0,
	    "sign the root's own certificate",
	    "Builds the self-signed certificate that the policy describes, "
	    "lints it, shows it, and after a yes signs it. The authority is "
	    "active from then on.",
	    "anchorite root certify --authority example-root --site site.yaml",
	    run_root_certify },
	{ "root show", "", 0, 0, TAKES_READ | TAKES(OPT_OUT), 0,
	    "show the root's certificate",
	    "Shows the root certificate; --out writes it to a new PEM file.",
	    "anchorite root show --authority example-root --out root.pem",
	    run_root_show },
	{ "csr show", "FILE...", 1, ISSUE_MAX, TAKES(OPT_JSON), 0,
	    "show what a request asks for",
	    "Reads certification requests (PEM or DER), verifies their own "
	    "signatures, and shows subject, key and extensions asked for. "
	    "Needs neither token nor authority.",
	    "anchorite csr show ca.csr", run_csr_show },
	{ "csr check", "FILE...", 1, ISSUE_MAX,
	    TAKES(OPT_POLICY) | TAKES(OPT_PROFILE) | TAKES(OPT_JSON),
	    NEEDS(OPT_POLICY) | NEEDS(OPT_PROFILE),
	    "hold requests against a profile",
	    "Says whether requests would be taken under a profile of a "
	    "policy. The requester can do so before the request travels: it "
	    "needs neither token nor authority.",
	    "anchorite csr check --policy policies/acm-pca-rsa-4096.yaml "
	    "--profile subordinate-pathlen0 ca.csr", run_csr_check },
	{ "sign", "FILE...", 1, ISSUE_MAX,
	    TAKES_WRITE | TAKES(OPT_JSON) | TAKES(OPT_PROFILE) |
		TAKES(OPT_REISSUE) | TAKES(OPT_YES), NEEDS(OPT_PROFILE),
	    "sign requests",
	    "Signs one or many requests under a profile, in one transaction: "
	    "one login, one intent, one seal. All are vetted before the PIN "
	    "is asked, built and linted before they are shown, and signed "
	    "only after a yes. One that is refused refuses all.",
	    "anchorite sign --authority example-root --site site.yaml "
	    "--profile subordinate-pathlen0 ca.csr", run_sign },
	{ "revoke", "ID", 1, 1,
	    TAKES_WRITE | TAKES(OPT_REASON) | TAKES(OPT_YES), 0,
	    "revoke a certificate",
	    "Revokes the certificate with this serial (or the beginning of "
	    "its serial or digest, six digits or more). It takes effect with "
	    "the next CRL.",
	    "anchorite revoke --authority example-root --site site.yaml "
	    "--reason superseded 5f1c09a2", run_revoke },
	{ "crl", "", 0, 0, TAKES_WRITE | TAKES(OPT_JSON) | TAKES(OPT_OUT), 0,
	    "sign the next CRL",
	    "Signs a CRL of all that is revoked, with the next number; --out "
	    "writes it to a new DER file, too.",
	    "anchorite crl --authority example-root --site site.yaml --out "
	    "root.crl", run_crl },
	{ "recover", "", 0, 0, TAKES_WRITE | TAKES(OPT_YES), 0,
	    "close what an interrupted command left",
	    "After a crash or a power cut: shows what may have been signed, "
	    "and after a yes records it so. Serials without a certificate are "
	    "listed as possibly issued; they are never used again and can be "
	    "revoked.",
	    "anchorite recover --authority example-root --site site.yaml",
	    run_recover },
	{ "list", "", 0, 0, TAKES_READ, 0, "list what the root issued",
	    "Lists every certificate: serial, status, end, profile, subject.",
	    "anchorite list --authority example-root", run_list },
	{ "show", "ID", 1, 1, TAKES_READ | TAKES(OPT_OUT), 0,
	    "show one certificate",
	    "Shows the certificate with this serial (or the beginning of its "
	    "serial or digest); --out writes it to a new PEM file.",
	    "anchorite show --authority example-root 5f1c09a2", run_show },
	{ "status", "", 0, 0, TAKES_READ | TAKES(OPT_TIME), 0,
	    "say how the authority stands",
	    "Replays the journal and says in which state the authority is, "
	    "what it issued, when the next CRL is due, and whether an "
	    "interrupted command left anything to recover.",
	    "anchorite status --authority example-root", run_status },
	{ "bundle", "ID...", 1, ISSUE_MAX,
	    TAKES_WRITE | TAKES(OPT_JSON) | TAKES(OPT_FOR) | TAKES(OPT_OUT),
	    NEEDS(OPT_FOR),
	    "make what is carried out",
	    "Writes a certificate with its chain, root, CRL, instructions and "
	    "a signed manifest into a new directory, after holding it against "
	    "the consumer's documented rules. acm-pca: AWS Private CA, with "
	    "an import script; files: plain files for anyone. --out takes "
	    "one ID.",
	    "anchorite bundle --authority example-root --site site.yaml --for "
	    "acm-pca 5f1c09a2", run_bundle },
	{ "audit show", "", 0, 0, TAKES_READ | TAKES(OPT_FROM), 0,
	    "print the journal",
	    "Prints the records of the journal, one after the other; --json "
	    "prints them as they stand.",
	    "anchorite audit show --authority example-root --from 12",
	    run_audit_show },
	{ "audit verify", "", 0, 0, TAKES_READ, 0, "verify the journal",
	    "Verifies the authority from its files alone, with no token: "
	    "chain, seals, states, digests, signatures; and derives every "
	    "certificate and CRL again from the recorded inputs.",
	    "anchorite audit verify --authority example-root",
	    run_audit_verify },
	{ NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL },
};
