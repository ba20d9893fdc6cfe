/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORITE_TOKEN_STORE_H
#define ANCHORITE_TOKEN_STORE_H

#include <stdbool.h>

#include <anchorite/base/fail.h>

/*
 * The care of a token. SoftHSM keeps its tokens in a directory and rewrites
 * files there in place, without fsync, at a mere login: on a full disk that
 * loses the token and every key in it. So each session takes the
 * directory's lock, refuses one that is damaged, proves that there is room
 * to write, keeps a copy of it beside ("DIR.backup", the last good
 * generation), and syncs afterwards. A hardware token has no directory:
 * then only the lock is taken, on the module's file.
 */
struct store;

/*
 * Locks. `directory` NULL: a hardware token; then `module_path` is locked.
 * FAIL_SYSTEM "token store DIR: in use by another process".
 */
MUST_USE int store_open(const char *directory, const char *module_path,
    struct store **out, struct fail *fail);

/*
 * Before the module is loaded, which reads the files: an object file that is
 * empty or cut short, as SoftHSM's rewriting in place leaves it after a crash
 * or on a full disk, and whole in the backup, is put back from there. One
 * that the backup does not have was being made, and stays: SoftHSM passes
 * over it. *mended_out: how many were put back.
 */
MUST_USE int store_mend(struct store *store, int *mended_out,
    struct fail *fail);

/* How many object files are empty or cut short? The module itself answers
 * from memory, and so does not tell. */
MUST_USE int store_count_damage(struct store *store, int *count_out,
    struct fail *fail);

/*
 * Before anything that may write, a login included. FAIL_TOKEN where an
 * object file is empty or cut that must be whole ("token store: X is empty:
 * a full disk does this; put DIR.backup back"), or a token stands in the
 * backup alone; FAIL_SYSTEM where there is no room or the mount is
 * read-only; then replaces the backup by a fresh copy, atomically.
 */
MUST_USE int store_protect(struct store *store, struct fail *fail);

/*
 * Does a token with this serial number stand here? SoftHSM names a token's
 * directory by a UUID that ends in it. True of a hardware token.
 */
bool store_has_token(const struct store *store, const char *serial);

/* After writing: syncfs. */
MUST_USE int store_sync(struct store *store, struct fail *fail);

/* Syncs (as far as it goes) and unlocks. */
void store_release(struct store **store);

#endif
