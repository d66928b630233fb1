/* files.h: the few things the log does with directories and whole files. Errors name the file and the cause. */
#ifndef WEIR_EMBEDDED_FILES_H
#define WEIR_EMBEDDED_FILES_H
#include "weir.h"

/* WEIR_RETRY where space or descriptors may come back, WEIR_FATAL otherwise. Uses errno. Always false. */
bool embedded_file_failed(struct weir_error *error, const char *doing, const char *path);
bool embedded_directory_make(const char *path, struct weir_error *error); /* with its parents; existing is fine */
bool embedded_directory_sync(const char *path, struct weir_error *error); /* makes names in it durable */
/* Names in the directory but "." and "..", sorted; free with embedded_names_free. */
struct embedded_names {
    char **items;
    size_t count, capacity;
};
bool embedded_directory_list(const char *path, struct embedded_names *, struct weir_error *error);
void embedded_names_free(struct embedded_names *);
/* Durable and all or nothing: written beside, synced, renamed. */
bool embedded_file_replace(const char *path, weir_bytes content, struct weir_error *error);
/* The whole file, ending with a NUL that does not count; NULL: error. Free with free. */
char *embedded_file_read(const char *path, size_t *size, struct weir_error *error);
bool embedded_file_write_at(int fd, weir_bytes data, int64_t position);           /* false: errno */
int64_t embedded_file_read_at(int fd, void *data, size_t size, int64_t position); /* bytes read; -1: errno */
#endif
