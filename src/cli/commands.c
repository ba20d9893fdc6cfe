/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include <anchorite/ca/issue.h>

#include "cli.h"

#define NEEDS TAKES

const struct command commands[] = {
	{ "init", "DIR", 1, 1,
	    TAKES_SITTING | TAKES(OPT_POLICY) | TAKES(OPT_NAME) |
		TAKES(OPT_CUSTODIANS) | TAKES(OPT_SHARES) |
		TAKES(OPT_CREDENTIAL) | TAKES(OPT_TICKET),
	    NEEDS(OPT_POLICY), "begin an authority",
	    "Makes the directory DIR with an empty journal, generates the "
	    "journal's own key (EC P-256) in the token, puts the policy in "
	    "force and seals that as the first record. Where the policy names "
	    "custodians, their certificates come from --custodians; where "
	    "the token's PIN is split, the envelopes of its shares from "
	    "--shares. The root key comes next: root generate, or root "
	    "adopt.",
	    "anchorite init --site site.yaml --policy "
	    "policies/acm-pca-rsa-4096.yaml example-root", run_init },
	{ "custodian new", "PATH", 1, 1,
	    TAKES(OPT_PERSON) | TAKES(OPT_KIND) | TAKES(OPT_CARD) |
		TAKES(OPT_KEY) | TAKES(OPT_SECRET_FD) | TAKES(OPT_TIME),
	    NEEDS(OPT_PERSON), "make a custodian's credential",
	    "Makes a key pair and a self-signed certificate that names the "
	    "person: PATH.key, under a passphrase that is asked twice, and "
	    "PATH.pem; with --card a key on a card or second token, described "
	    "by PATH.yaml. Prints the lines for the policy.",
	    "anchorite custodian new --person 'Alice Example' alice",
	    run_custodian_new },
	{ "custodian show", "FILE...", 1, ISSUE_MAX, TAKES(OPT_JSON), 0,
	    "show custodians' certificates",
	    "Shows of each certificate the person, the key and the SHA-256 "
	    "that a policy pins.",
	    "anchorite custodian show alice.pem bob.pem",
	    run_custodian_show },
	{ "custodian replace", "NAME FILE", 2, 2,
	    TAKES_DEED | TAKES(OPT_SPLIT) | TAKES(OPT_SHEETS), 0,
	    "replace a custodian's certificate",
	    "The same person with a new key (FILE, a certificate): the policy "
	    "changes in that digest alone. Where the PIN is split, it is "
	    "split anew, and the old share dies.",
	    "anchorite custodian replace --authority example-root --site "
	    "site.yaml alice new/alice.pem", run_custodian_replace },
	{ "token list", "", 0, 0, TAKES_SITE | TAKES(OPT_JSON), 0,
	    "list the tokens of the site's module",
	    "Lists every token that the module shows, with the URI that names "
	    "it. Nothing is logged in to.",
	    "anchorite token list --site site.yaml", run_token_list },
	{ "token init", "", 0, 0,
	    TAKES_SITE | TAKES(OPT_LABEL) | TAKES(OPT_SPLIT) |
		TAKES(OPT_POLICY) | TAKES(OPT_CUSTODIANS) | TAKES(OPT_OUT) |
		TAKES(OPT_SHEETS) | TAKES(OPT_YES), NEEDS(OPT_LABEL),
	    "initialise an empty token",
	    "Initialises the first token that is not initialised yet, under "
	    "the label, and sets its SO PIN and user PIN (asked in this "
	    "order, each twice). A token that is in use is never touched. "
	    "--split K/N makes random PINs that nobody sees, and splits them "
	    "among the N custodians of the policy who have the role share: "
	    "each gets an envelope in the new folder --out, and a sheet of "
	    "paper that is typed back.",
	    "anchorite token init --site site.yaml --label example-root",
	    run_token_init },
	{ "token show", "", 0, 0, TAKES_SITE | TAKES(OPT_JSON), 0,
	    "show the site's token",
	    "Shows what the token of the site file says of itself: maker, "
	    "serial, versions, and how its PIN stands.",
	    "anchorite token show --site site.yaml", run_token_show },
	{ "token resplit", "", 0, 0,
	    TAKES_DEED | TAKES(OPT_SPLIT) | TAKES(OPT_POLICY) |
		TAKES(OPT_CUSTODIANS) | TAKES(OPT_SHEETS), 0,
	    "give the token new PINs, split anew",
	    "Makes new PINs and new shares; the old ones open the token no "
	    "more. For a share that was lost, or with --policy for other "
	    "holders of shares. Takes enough of the old shares, and the "
	    "approvals of resplit (and of policy, where that changes).",
	    "anchorite token resplit --authority example-root --site "
	    "site.yaml --split 2/4", run_token_resplit },
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
	{ "root certify", "", 0, 0, TAKES_WRITE, 0,
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
	{ "csr check", "[FILE...]", 0, ISSUE_MAX,
	    TAKES(OPT_POLICY) | TAKES(OPT_AUTHORITY) | TAKES(OPT_PROFILE) |
		TAKES(OPT_BATCH) | TAKES(OPT_REISSUE) | TAKES(OPT_JSON), 0,
	    "hold requests against the rules",
	    "Vets requests as sign does, and shows each rule with what it "
	    "wants and what the request has; all files are judged, and the "
	    "exit status is 4 if one broke a rule. It needs no token: the "
	    "requester can do so before the request travels, with --policy "
	    "alone. With --authority, a copy of the authority's directory, "
	    "the key is held against those that were seen before; the policy "
	    "is then the one in force, unless another is given. --batch takes "
	    "a list, as sign does, and holds its targets to their consumers, "
	    "too.",
	    "anchorite csr check --policy policies/acm-pca-rsa-4096.yaml "
	    "--profile subordinate-pathlen0 ca.csr", run_csr_check },
	{ "sign", "[FILE...]", 0, ISSUE_MAX,
	    TAKES_DEED | TAKES(OPT_JSON) | TAKES(OPT_PROFILE) |
		TAKES(OPT_BATCH) | TAKES(OPT_REISSUE) |
		TAKES(OPT_CERTIFICATE), 0,
	    "sign requests",
	    "Signs one or many requests under a profile, in one transaction: "
	    "one login, one intent, one seal. All are vetted before the PIN "
	    "is asked, built and linted before they are shown, and signed "
	    "only after a yes. One that is refused refuses all; each that is "
	    "wrong is named, with every rule that it broke; csr check shows "
	    "the same as a table. --batch takes a list instead, with a "
	    "profile and a target for each: consumers, ARN, region, who "
	    "asked, ticket. Under a profile for cross-certificates it takes "
	    "one request, and with --certificate what that CA has already, "
	    "and judges the two against each other.",
	    "anchorite sign --authority example-root --site site.yaml "
	    "--profile subordinate-pathlen0 ca.csr", run_sign },
	{ "revoke", "ID", 1, 1, TAKES_DEED | TAKES(OPT_REASON), 0,
	    "revoke a certificate",
	    "Revokes the certificate with this serial (or the beginning of "
	    "its serial or digest, six digits or more). It takes effect with "
	    "the next CRL.",
	    "anchorite revoke --authority example-root --site site.yaml "
	    "--reason superseded 5f1c09a2", run_revoke },
	{ "crl", "", 0, 0, TAKES_DEED | TAKES(OPT_JSON) | TAKES(OPT_OUT), 0,
	    "sign the next CRL",
	    "Signs a CRL of all that is revoked, with the next number; --out "
	    "writes it to a new DER file, too. While the root is disabled its "
	    "key is unlocked for this one signature, with the approvals of "
	    "crl-disabled.",
	    "anchorite crl --authority example-root --site site.yaml --out "
	    "root.crl", run_crl },
	{ "ocsp", "[ID...]", 0, INTENT_MAX,
	    TAKES_DEED | TAKES(OPT_JSON) | TAKES(OPT_OUT), NEEDS(OPT_OUT),
	    "sign OCSP responses ahead of time",
	    "Signs a response for each certificate that has not ended (or for "
	    "those named), good as long as a CRL, and writes them into a new "
	    "directory, SERIAL.ocsp each, for a responder that only hands "
	    "them out (RFC 5019). Not while the root is disabled: what is "
	    "revoked then, the CRL says.",
	    "anchorite ocsp --authority example-root --site site.yaml --out "
	    "responses", run_ocsp },
	{ "bundle verify", "DIR", 1, 1,
	    TAKES(OPT_ROOT) | TAKES(OPT_JOURNAL_KEY) | TAKES(OPT_TIME) |
		TAKES(OPT_JSON), 0,
	    "verify a bundle that was carried in",
	    "Verifies that the bundle's files are those of its manifest, no "
	    "more and no less, and that the journal key in it has signed "
	    "that; then holds all to the consumer's rules again. Root and "
	    "journal key are compared with --root and --journal-key, or by "
	    "eye. Needs neither token nor authority.",
	    "anchorite bundle verify bundles/acm-pca-5f1c09a2b3d4e5f6",
	    run_bundle_verify },
	{ "bundle", "[ID...]", 0, ISSUE_MAX,
	    TAKES_WRITE | TAKES(OPT_JSON) | TAKES(OPT_FOR) |
		TAKES(OPT_BATCH) | TAKES(OPT_OUT) | TAKES(OPT_RESOURCE) |
		TAKES(OPT_REGION) | TAKES(OPT_BUCKET), 0,
	    "make what is carried out",
	    "Writes each certificate with what its consumer needs beside it, "
	    "instructions and a signed manifest into a new directory, after "
	    "holding the bytes to the consumer's documented rules: all are "
	    "judged before the first is written, and one seal covers them. "
	    "--batch takes the list that was signed, and makes the bundles of "
	    "all of it; consumers and targets are those of the journal, where "
	    "--for, --resource, --region and --bucket give no others. --out "
	    "takes one ID and one consumer; with --batch it is a new "
	    "directory, and the bundles in it are called REQUEST-CONSUMER.",
	    "anchorite bundle --authority example-root --site site.yaml --for "
	    "acm-pca 5f1c09a2", run_bundle },
	{ "request", "OPERATION [ARG...]", 1, ISSUE_MAX + 1,
	    TAKES(OPT_AUTHORITY) | TAKES(OPT_BY) | TAKES(OPT_TIME) |
		TAKES(OPT_OUT) | TAKES(OPT_EXPIRES) | TAKES(OPT_PROFILE) |
		TAKES(OPT_BATCH) | TAKES(OPT_REISSUE) |
		TAKES(OPT_CERTIFICATE) |
		TAKES(OPT_REASON) | TAKES(OPT_DAYS) |
		TAKES(OPT_FATE) | TAKES(OPT_PLACE) | TAKES(OPT_SPLIT) |
		TAKES(OPT_POLICY) | TAKES(OPT_CUSTODIANS), 0,
	    "ask custodians to approve an operation",
	    "Writes a request (OPERATION.json) that says what is to be done, "
	    "to which key, at which head of the journal. Custodians approve "
	    "it, here or on another machine; the operation's own command "
	    "takes it with --request. OPERATION: sign [FILE...], revoke ID, "
	    "crl, ocsp [ID...], disable, enable, delete, restore, destroy, "
	    "backup NAME, policy FILE, resplit, recover, anchor REASON HEAD; "
	    "with that command's options.",
	    "anchorite request --authority example-root disable",
	    run_request },
	{ "approve", "FILE", 1, 1,
	    TAKES(OPT_CREDENTIAL) | TAKES(OPT_SECRET_FD) | TAKES(OPT_OUT) |
		TAKES(OPT_TIME) | TAKES(OPT_YES), NEEDS(OPT_CREDENTIAL),
	    "approve a request, as a custodian",
	    "Shows in plain words what will happen, asks for the name of the "
	    "operation to be typed, and writes a detached CMS signature "
	    "beside the request (FILE.NAME.p7s). Needs neither the authority "
	    "nor its token.",
	    "anchorite approve --credential bob.key disable.json",
	    run_approve },
	{ "disable", "", 0, 0, TAKES_DEED, 0, "disable the root key",
	    "From then on the root signs no certificate. The key is locked in "
	    "the token too, where the token can (CKA_SIGN cleared), and a "
	    "signature is tried, which must fail. CRLs can still be made.",
	    "anchorite disable --authority example-root --site site.yaml "
	    "--credential bob.key", run_retire },
	{ "enable", "", 0, 0, TAKES_DEED, 0, "enable the disabled root key",
	    "Unlocks the key in the token and proves that it signs. The root "
	    "signs certificates again.",
	    "anchorite enable --authority example-root --site site.yaml "
	    "--request enable.json", run_retire },
	{ "delete", "", 0, 0, TAKES_DEED | TAKES(OPT_DAYS), 0,
	    "delete the disabled root key",
	    "Takes the approval of somebody who did not approve the disabling. "
	    "Nothing is signed any more. For --days (7 to 30) the key can be "
	    "restored; after that it can be destroyed.",
	    "anchorite delete --authority example-root --site site.yaml "
	    "--days 7 --credential carol.key", run_retire },
	{ "restore", "", 0, 0, TAKES_DEED, 0, "restore the deleted root key",
	    "Within the window of its deletion. The key is disabled then.",
	    "anchorite restore --authority example-root --site site.yaml "
	    "--request restore.json", run_retire },
	{ "destroy", "", 0, 0, TAKES_DEED | TAKES(OPT_FATE), 0,
	    "destroy the deleted root key for good",
	    "After the window of its deletion, with approvals of its own. "
	    "Private and public key are destroyed in the token, and proved "
	    "to be neither found nor usable. What became of each recorded "
	    "backup is given with --fate.",
	    "anchorite destroy --authority example-root --site site.yaml "
	    "--request destroy.json --fate 'copy-1=burnt, seen by all'",
	    run_retire },
	{ "backup", "NAME", 1, 1, TAKES_DEED | TAKES(OPT_PLACE),
	    NEEDS(OPT_PLACE), "record that a copy of the key exists",
	    "Records a copy of the root key outside its token, as the token's "
	    "own means made it, and where it is kept. The program makes "
	    "none itself.",
	    "anchorite backup --authority example-root --site site.yaml "
	    "--place 'second token, safe B' copy-1", run_backup },
	{ "policy show", "FILE", 1, 1, 0, 0, "show what a policy says",
	    "Reads a policy and shows it as it was understood: the root, and "
	    "of each profile which requests it takes, and the extensions that "
	    "it sets, as they will stand in a certificate. Needs neither "
	    "token nor authority.",
	    "anchorite policy show policies/consumers.yaml",
	    run_policy_show },
	{ "policy adopt", "FILE", 1, 1, TAKES_DEED | TAKES(OPT_CUSTODIANS), 0,
	    "put another policy in force",
	    "Under the quorum of the policy in force. The root itself must "
	    "stay the same.",
	    "anchorite policy adopt --authority example-root --site site.yaml "
	    "--request policy.json policies/next.yaml", run_policy_adopt },
	{ "quorum show", "", 0, 0, TAKES_READ | TAKES(OPT_POLICY), 0,
	    "show who can do what together with whom",
	    "Shows the custodians, what each operation takes of them, and "
	    "what could not be done any more if one were lost: of an "
	    "authority, or of the policy in --policy.",
	    "anchorite quorum show --authority example-root",
	    run_quorum_show },
	{ "recover", "", 0, 0, TAKES_DEED, 0,
	    "close what an interrupted command left",
	    "After a crash or a power cut: shows what may have been signed, "
	    "and after a yes records what came of it. A certificate that "
	    "stands on the disk and verifies is issued; serials without one "
	    "are listed as possibly issued: they are never used again and can "
	    "be revoked. What custodians decided and the token has not "
	    "followed yet is carried out. A torn last line is kept and set "
	    "aside, with the approvals of recover.",
	    "anchorite recover --authority example-root --site site.yaml",
	    run_recover },
	{ "anchor show", "", 0, 0, TAKES_READ, 0,
	    "show the journal's head for the paper",
	    "Prints the newest head as words (the PGP word list) and as a QR "
	    "code, as each command does at its end where the policy wants it "
	    "on paper. At the beginning of the next sitting it is asked for.",
	    "anchorite anchor show --authority example-root",
	    run_anchor_show },
	{ "anchor accept", "REASON HEAD", 2, 2, TAKES_DEED, 0,
	    "take the journal as the newest, against its anchor",
	    "Where the token or the paper knows a head that is not of this "
	    "journal, first find the newest journal: this one may be an old "
	    "copy, put here by mistake or on purpose. If there is none (a "
	    "token that was replaced, a paper that was lost, a disk that "
	    "was), custodians decide to go on from here. HEAD is the SHA-256 "
	    "of the record that the token knows, as the refusal names it, or "
	    "none: an approval does for that one alone.",
	    "anchorite anchor accept --authority example-root --site "
	    "site.yaml 'token replaced on 2027-03-01, see minutes' none",
	    run_anchor_accept },
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
	{ "audit trace", "FILE...", 1, ISSUE_MAX, TAKES_READ, 0,
	    "say which record a certificate comes from",
	    "Audits the journal, and says of each certificate, CRL or OCSP "
	    "response (PEM or DER) which record intended it and which "
	    "recorded it; or that it was signed by the root's key outside "
	    "the journal; or that it is not of this root at all.",
	    "anchorite audit trace --authority example-root found.pem",
	    run_audit_trace },
	{ "audit reconcile", "COUNT", 1, 1, TAKES(OPT_AUTHORITY), 0,
	    "hold the token's own count against the journal",
	    "Takes how many signatures the token says the root key made (its "
	    "counter, or the lines of its log), and names the difference to "
	    "what the journal knows: certificates, CRLs, OCSP responses and "
	    "self-tests.",
	    "anchorite audit reconcile --authority example-root 17",
	    run_audit_reconcile },
	{ "audit export", "", 0, 0,
	    TAKES(OPT_AUTHORITY) | TAKES(OPT_FORMAT) | TAKES(OPT_SINCE) |
		TAKES(OPT_REDACT) | TAKES(OPT_OUT), NEEDS(OPT_FORMAT),
	    "export the journal for other programs",
	    "jsonl: the lines of the journal; csv: a row a record; "
	    "acm-pca-json and acm-pca-csv: what the root issued, in the form "
	    "of AWS Private CA's audit report. To the standard output, or a "
	    "new file. --since takes the SHA-256 of a record that is known "
	    "already, and refuses where this journal does not extend it.",
	    "anchorite audit export --authority example-root --format "
	    "acm-pca-json --out report.json", run_audit_export },
	{ "audit bundle", "", 0, 0,
	    TAKES_WRITE | TAKES(OPT_JSON) | TAKES(OPT_SINCE) |
		TAKES(OPT_REDACT) | TAKES(OPT_OUT), 0,
	    "make what an auditor takes along",
	    "Writes the journal (or what came behind --since), the objects it "
	    "names, the exports and a signed manifest into a new directory, "
	    "bundles/audit-FIRST-LAST. --redact leaves the private values "
	    "out; the journal verifies to the same head.",
	    "anchorite audit bundle --authority example-root --site "
	    "site.yaml --redact", run_audit_bundle },
	{ NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL },
};
