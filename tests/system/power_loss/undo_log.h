/* What the preload shim writes down and the tool reads: one file per changed inode, one for names.
 * See README.md. */
#ifndef VERA_TESTS_POWER_LOSS_UNDO_LOG_H
#define VERA_TESTS_POWER_LOSS_UNDO_LOG_H

#include <stdint.h>

/* <device>-<inode>.undo: what an unsynced write put away; `old_bytes` bytes follow. */
struct undo_write {
    uint64_t magic;
    uint64_t offset;
    uint64_t old_bytes;   /* that were there before, at `offset` */
    uint64_t new_bytes;   /* that were written */
    uint64_t size_before; /* of the file */
};
#define UNDO_WRITE_MAGIC UINT64_C(0x7665726177726974)

/* names.undo: what happened to a name and is not synced. Paths are absolute. */
enum undo_name_kind { UNDO_CREATED = 1, UNDO_RENAMED = 2, UNDO_REMOVED = 3 };
#define UNDO_PATH_BYTES 512
struct undo_name {
    uint64_t magic;
    uint64_t kind;
    char path[UNDO_PATH_BYTES];     /* created or removed name; of a rename the old one */
    char new_path[UNDO_PATH_BYTES]; /* of a rename */
    char kept[UNDO_PATH_BYTES];     /* hard link to the file that had the name which is gone; empty:
                                       there was none */
};
#define UNDO_NAME_MAGIC UINT64_C(0x766572616e616d65)

#endif
