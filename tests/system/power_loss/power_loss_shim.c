/* LD_PRELOAD shim: writes down what every unsynced change to the files under one folder replaced,
 * so that power_loss_undo can take it back after a kill -9, as if the power had gone. Also fails
 * chosen calls. How to use it: README.md. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/system/power_loss/undo_log.h"

enum { max_fds = 4096 };

/* A watched descriptor: a file with the log of its inode, or a folder. */
struct watched {
    int is_file, is_folder, log;
};

static struct watched fds[max_fds];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char folder[UNDO_PATH_BYTES], log_folder[UNDO_PATH_BYTES];
static const char* full_file;
static long eio_sync, enospc_from, enospc_to, syncs, growths, kept_count;
static int ignores_syncs, names_log = -1;

static int (*real_open)(const char*, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void*, size_t);
static ssize_t (*real_pwrite)(int, const void*, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fallocate)(int, int, off_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char*, const char*);
static int (*real_unlink)(const char*);

static void die(const char* what) {
    fprintf(stderr, "power_loss_shim: %s: %s\n", what, strerror(errno));
    _exit(99);
}

static void* find(const char* name) {
    void* at = dlsym(RTLD_NEXT, name);
    if (at == NULL) die(name);
    return at;
}

static long number(const char* name) {
    const char* text = getenv(name);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

__attribute__((constructor)) static void start(void) {
    *(void**)&real_open = find("open");
    *(void**)&real_close = find("close");
    *(void**)&real_write = find("write");
    *(void**)&real_pwrite = find("pwrite");
    *(void**)&real_ftruncate = find("ftruncate");
    *(void**)&real_fallocate = find("fallocate");
    *(void**)&real_fsync = find("fsync");
    *(void**)&real_fdatasync = find("fdatasync");
    *(void**)&real_rename = find("rename");
    *(void**)&real_unlink = find("unlink");
    const char* watch = getenv("VERA_FAULT_FOLDER");
    const char* logs = getenv("VERA_FAULT_LOG");
    if (watch == NULL) return;
    snprintf(folder, sizeof folder, "%s", watch);
    if (logs != NULL) {
        snprintf(log_folder, sizeof log_folder, "%s", logs);
        char path[UNDO_PATH_BYTES * 2];
        snprintf(path, sizeof path, "%s/names.undo", log_folder);
        names_log = real_open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (names_log < 0) die(path);
    }
    eio_sync = number("VERA_FAULT_EIO_SYNC");
    ignores_syncs = number("VERA_FAULT_NO_SYNC") != 0;
    full_file = getenv("VERA_FAULT_FULL_FILE");
    const char* enospc = getenv("VERA_FAULT_ENOSPC");
    if (enospc != NULL) {
        char* rest = NULL;
        enospc_from = enospc_to = strtol(enospc, &rest, 10);
        if (*rest == '-') enospc_to = rest[1] == '\0' ? LONG_MAX : strtol(rest + 1, NULL, 10);
    }
}

/* The absolute path if it is in the folder; 0 otherwise. */
static int in_folder(const char* path, char* out) {
    if (folder[0] == '\0') return 0;
    if (path[0] == '/') {
        snprintf(out, UNDO_PATH_BYTES, "%s", path);
    } else {
        char here[UNDO_PATH_BYTES];
        if (getcwd(here, sizeof here) == NULL) return 0;
        const int length = snprintf(out, UNDO_PATH_BYTES, "%s/%s", here, path);
        if (length < 0 || length >= UNDO_PATH_BYTES) return 0;
    }
    const size_t size = strlen(folder);
    return strncmp(out, folder, size) == 0 && (out[size] == '/' || out[size] == '\0');
}

static struct watched* watched_file(int fd) {
    return fd >= 0 && fd < max_fds && fds[fd].is_file ? &fds[fd] : NULL;
}

static void put(int log, const void* bytes, size_t count) {
    const char* at = bytes;
    while (count > 0) {
        const ssize_t written = real_write(log, at, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) die("undo log");
        at += written;
        count -= (size_t)written;
    }
}

static void note_name(enum undo_name_kind kind,
                      const char* path,
                      const char* new_path,
                      const char* kept) {
    if (names_log < 0) return;
    struct undo_name name;
    memset(&name, 0, sizeof name);
    name.magic = UNDO_NAME_MAGIC;
    name.kind = kind;
    snprintf(name.path, sizeof name.path, "%s", path);
    snprintf(name.new_path, sizeof name.new_path, "%s", new_path);
    snprintf(name.kept, sizeof name.kept, "%s", kept);
    put(names_log, &name, sizeof name);
}

/* Keeps the file behind `path` alive under another name; `kept` is empty if there is none. */
static void keep(const char* path, char* kept) {
    kept[0] = '\0';
    if (names_log < 0) return;
    char to[UNDO_PATH_BYTES * 2];
    snprintf(to, sizeof to, "%s/kept-%ld-%ld", log_folder, (long)getpid(), ++kept_count);
    if (link(path, to) == 0)
        snprintf(kept, UNDO_PATH_BYTES, "%.*s", UNDO_PATH_BYTES - 1, to);
    else if (errno != ENOENT)
        die("link into VERA_FAULT_LOG, which must be on the same file system");
}

/* Writes down the `count` bytes at `offset` and the size, before they change. */
static void note_write(int fd, off_t offset, size_t count) {
    const struct watched* file = watched_file(fd);
    if (file == NULL || file->log < 0) return;
    struct stat about;
    if (fstat(fd, &about) != 0) die("fstat");
    size_t old = 0;
    if (offset < about.st_size) {
        const size_t left = (size_t)(about.st_size - offset);
        old = count < left ? count : left;
    }
    struct undo_write head = {
        UNDO_WRITE_MAGIC, (uint64_t)offset, old, count, (uint64_t)about.st_size};
    char* record = malloc(sizeof head + old);
    if (record == NULL) die("malloc");
    memcpy(record, &head, sizeof head);
    /* Descriptors that cannot read are opened again through /proc. */
    size_t done = 0;
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    const int reader = old == 0 ? -1 : real_open(self, O_RDONLY | O_CLOEXEC);
    while (done < old) {
        const ssize_t got =
            pread(reader, record + sizeof head + done, old - done, offset + (off_t)done);
        if (got <= 0) die("read of old bytes");
        done += (size_t)got;
    }
    if (reader >= 0) real_close(reader);
    put(file->log, record, sizeof head + old);
    free(record);
}

/* Whether a call that makes a file longer is to fail. */
static int is_full(int fd, off_t end) {
    if (watched_file(fd) == NULL) return 0;
    struct stat about;
    if (fstat(fd, &about) != 0 || end <= about.st_size) return 0;
    const long count = __atomic_add_fetch(&growths, 1, __ATOMIC_RELAXED);
    if (enospc_from != 0 && count >= enospc_from && count <= enospc_to) return 1;
    return full_file != NULL && access(full_file, F_OK) == 0;
}

static void watch(int fd, int flags) {
    struct stat about;
    if (fd < 0 || fd >= max_fds || fstat(fd, &about) != 0) return;
    struct watched* entry = &fds[fd];
    entry->log = -1;
    entry->is_folder = S_ISDIR(about.st_mode);
    entry->is_file = S_ISREG(about.st_mode);
    if (!entry->is_file || log_folder[0] == '\0' || (flags & O_ACCMODE) == O_RDONLY) return;
    char path[UNDO_PATH_BYTES * 2];
    snprintf(path,
             sizeof path,
             "%s/%llu-%llu.undo",
             log_folder,
             (unsigned long long)about.st_dev,
             (unsigned long long)about.st_ino);
    entry->log = real_open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (entry->log < 0) die(path);
}

static int open_watched(const char* given, int flags, mode_t mode) {
    char path[UNDO_PATH_BYTES];
    if (!in_folder(given, path)) return real_open(given, flags, mode);
    pthread_mutex_lock(&mutex);
    const int is_new = (flags & O_CREAT) != 0 && access(path, F_OK) != 0;
    if (is_new) note_name(UNDO_CREATED, path, "", "");
    const int fd = real_open(path, flags & ~O_TRUNC, mode);
    const int error = errno;
    if (fd >= 0) watch(fd, flags);
    if (fd >= 0 && (flags & O_TRUNC) != 0 && !is_new && watched_file(fd) != NULL) {
        struct stat about;
        if (fstat(fd, &about) != 0) die("fstat");
        note_write(fd, 0, (size_t)about.st_size);
        if (real_ftruncate(fd, 0) != 0) die("ftruncate");
    }
    pthread_mutex_unlock(&mutex);
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list rest) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(rest, unsigned) : 0;
}

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_watched(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_watched(path, flags, mode);
}

int close(int fd) {
    pthread_mutex_lock(&mutex);
    if (fd >= 0 && fd < max_fds && (fds[fd].is_file || fds[fd].is_folder)) {
        if (fds[fd].is_file && fds[fd].log >= 0) real_close(fds[fd].log);
        memset(&fds[fd], 0, sizeof fds[fd]);
    }
    pthread_mutex_unlock(&mutex);
    return real_close(fd);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
    if (watched_file(fd) == NULL) return real_pwrite(fd, bytes, count, offset);
    if (is_full(fd, offset + (off_t)count)) {
        errno = ENOSPC;
        return -1;
    }
    pthread_mutex_lock(&mutex);
    note_write(fd, offset, count);
    pthread_mutex_unlock(&mutex);
    return real_pwrite(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off_t offset) {
    return pwrite(fd, bytes, count, offset);
}

ssize_t write(int fd, const void* bytes, size_t count) {
    if (watched_file(fd) == NULL) return real_write(fd, bytes, count);
    const int is_appending = (fcntl(fd, F_GETFL) & O_APPEND) != 0;
    const off_t at = lseek(fd, 0, is_appending ? SEEK_END : SEEK_CUR);
    if (is_full(fd, at + (off_t)count)) {
        errno = ENOSPC;
        return -1;
    }
    pthread_mutex_lock(&mutex);
    note_write(fd, at, count);
    pthread_mutex_unlock(&mutex);
    return real_write(fd, bytes, count);
}

int ftruncate(int fd, off_t size) {
    if (watched_file(fd) == NULL) return real_ftruncate(fd, size);
    if (is_full(fd, size)) {
        errno = ENOSPC;
        return -1;
    }
    struct stat about;
    if (fstat(fd, &about) != 0) return -1;
    pthread_mutex_lock(&mutex);
    note_write(fd, size, size < about.st_size ? (size_t)(about.st_size - size) : 0);
    pthread_mutex_unlock(&mutex);
    return real_ftruncate(fd, size);
}

int ftruncate64(int fd, off_t size) {
    return ftruncate(fd, size);
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
    if (watched_file(fd) == NULL) return real_fallocate(fd, mode, offset, size);
    if (is_full(fd, offset + size)) {
        errno = ENOSPC;
        return -1;
    }
    pthread_mutex_lock(&mutex);
    note_write(fd, offset, (size_t)size);
    pthread_mutex_unlock(&mutex);
    return real_fallocate(fd, mode, offset, size);
}

int fallocate64(int fd, int mode, off_t offset, off_t size) {
    return fallocate(fd, mode, offset, size);
}

static void drop_names(void) {
    if (names_log < 0) return;
    struct undo_name name;
    off_t at = 0;
    while (pread(names_log, &name, sizeof name, at) == (ssize_t)sizeof name) {
        if (name.kept[0] != '\0') real_unlink(name.kept);
        at += (off_t)sizeof name;
    }
    if (real_ftruncate(names_log, 0) != 0) die("names.undo");
}

static int sync_watched(int fd, int (*real)(int)) {
    if (fd < 0 || fd >= max_fds || (!fds[fd].is_file && !fds[fd].is_folder)) return real(fd);
    if (eio_sync != 0 && __atomic_add_fetch(&syncs, 1, __ATOMIC_RELAXED) == eio_sync) {
        errno = EIO;
        return -1;
    }
    if (ignores_syncs) return 0;
    if (real(fd) != 0) return -1;
    pthread_mutex_lock(&mutex);
    if (fds[fd].is_folder)
        drop_names();
    else if (fds[fd].log >= 0 && real_ftruncate(fds[fd].log, 0) != 0)
        die("undo log");
    pthread_mutex_unlock(&mutex);
    return 0;
}

int fsync(int fd) {
    return sync_watched(fd, real_fsync);
}
int fdatasync(int fd) {
    return sync_watched(fd, real_fdatasync);
}

int rename(const char* from, const char* to) {
    char old_path[UNDO_PATH_BYTES], new_path[UNDO_PATH_BYTES], kept[UNDO_PATH_BYTES];
    if (!in_folder(from, old_path) || !in_folder(to, new_path)) return real_rename(from, to);
    pthread_mutex_lock(&mutex);
    keep(new_path, kept);
    note_name(UNDO_RENAMED, old_path, new_path, kept);
    const int result = real_rename(old_path, new_path);
    pthread_mutex_unlock(&mutex);
    return result;
}

int unlink(const char* given) {
    char path[UNDO_PATH_BYTES], kept[UNDO_PATH_BYTES];
    if (!in_folder(given, path)) return real_unlink(given);
    pthread_mutex_lock(&mutex);
    keep(path, kept);
    note_name(UNDO_REMOVED, path, "", kept);
    const int result = real_unlink(path);
    pthread_mutex_unlock(&mutex);
    return result;
}
