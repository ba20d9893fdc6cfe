/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_BASE_QR_H
#define ANCHORITE_BASE_QR_H

#include <stdbool.h>

#include <anchorite/base/buf.h>
#include <anchorite/base/fail.h>

/*
 * A QR code (ISO/IEC 18004, by libqrencode; error correction M) as lines of
 * text: two rows of modules a line, in half blocks (U+2580, U+2584, U+2588),
 * with the quiet zone of four modules. `has_colour`: black on white by
 * SGR, as a terminal of any colours shows it right; else light modules are
 * the blocks, for a dark terminal, as qrencode's UTF8 has it. Appends.
 * FAIL_INPUT "QR code: want 1 to 2331 octets, have 0".
 */
MUST_USE int qr_write(struct bytes text, bool has_colour, struct buf *out,
    struct fail *fail);

#endif
