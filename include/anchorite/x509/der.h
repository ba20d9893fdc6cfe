/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_X509_DER_H
#define ANCHORITE_X509_DER_H

#include <stdbool.h>
#include <stdint.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>

/*
 * DER (X.690, 10): a writer, so that what is signed is a pure function of
 * its inputs and reads like the RFC's ASN.1; a cursor, to lend the parts
 * of an encoding as they are; and a check that an encoding is DER, since
 * OpenSSL's d2i functions take BER. Single-byte tags only.
 */
enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_UTF8_STRING = 0x0c,
	DER_PRINTABLE_STRING = 0x13,
	DER_IA5_STRING = 0x16,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};
#define DER_CONTEXT(n)             (0x80 | (n))	/* [n] IMPLICIT, primitive */
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n))	/* [n] EXPLICIT or SEQUENCE */

/*
 * Writing. `size_t mark = der_begin(out, DER_SEQUENCE); … der_end(out,
 * mark);` encloses what is appended between; they nest.
 */
size_t der_begin(struct buf *out, int tag);
void der_end(struct buf *out, size_t mark);

/* One primitive with these contents octets. */
void der_put(struct buf *out, int tag, struct bytes content);
/* INTEGER from an unsigned big-endian number, at least one octet. */
void der_put_unsigned(struct buf *out, struct bytes number);
void der_put_number(struct buf *out, uint64_t number);
void der_put_bool(struct buf *out, bool value);
/* BIT STRING of whole octets. */
void der_put_bits(struct buf *out, struct bytes octets);
/* OBJECT IDENTIFIER from OpenSSL's number for it. */
void der_put_nid(struct buf *out, int nid);
/* Time (RFC 5280, 4.1.2.5): UTCTime through 2049, then GeneralizedTime. */
void der_put_time(struct buf *out, int64_t seconds);

/*
 * Reading: takes the next element off `rest`; *content_out are its
 * contents octets, *whole_out the element with tag and length (either may
 * be NULL). FAIL_INPUT, with rest untouched, where the tag is another, or
 * the length is not DER or runs over the end.
 */
MUST_USE int der_next(struct bytes *rest, int tag, struct bytes *content_out,
    struct bytes *whole_out, struct fail *fail);

/* Is the next element's tag this one? */
bool der_is_next(struct bytes rest, int tag);

/* FAIL_INPUT "trailing bytes" unless nothing is left. */
MUST_USE int der_end_of(struct bytes rest, struct fail *fail);

/*
 * Is the whole a single DER element, all the way down? Refuses (FAIL_INPUT)
 * trailing bytes, indefinite or non-minimal lengths, constructed strings,
 * non-minimal INTEGERs and OIDs, BOOLEANs but 00 and FF, unused BIT STRING
 * bits that are not zero, unordered SETs OF, more than 32 levels. Does not
 * look into primitive octets (OCTET STRING and BIT STRING).
 */
MUST_USE int der_check(struct bytes der, struct fail *fail);

/*
 * The dotted form of an OBJECT IDENTIFIER's contents octets; where they do
 * not decode, or take more room, words that say so; never a part of it.
 * NUL-terminated; DER_OID_SIZE is enough for those in use.
 */
#define DER_OID_SIZE 128
void der_show_oid(struct bytes oid, char *out, size_t size);

/* Time as written by der_put_time, either form; "whole" element given. */
MUST_USE int der_read_time(struct bytes *rest, int64_t *out,
    struct fail *fail);

#endif
