/* scarce_memory.c: a library to preload (LD_PRELOAD): the n-th malloc, calloc or realloc from now on fails.
 *
 * "Now" is when somebody writes n into the file that SCARCE_FILE names, which is mapped (struct control): a test can so choose what
 * the process is doing. Counted are calls of the program itself, not of its libraries, unless all are asked for.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct control {
    _Atomic int64_t left;    /* until one fails; 0: none does */
    _Atomic int64_t for_all; /* calls of libraries count, too */
    _Atomic int64_t stays;   /* every later one fails as well */
    _Atomic int64_t struck;  /* how many have failed */
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static struct control *control;
static uintptr_t program_begin, program_end;

/* The program is what is told of first. */
static int find_program(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X))
            continue;
        program_begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        program_end = program_begin + info->dlpi_phdr[i].p_memsz;
    }
    return 1;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SCARCE_FILE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    dl_iterate_phdr(find_program, NULL);
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED)
        control = mapped;
}

static bool strikes(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    if (!control || atomic_load(&control->left) <= 0)
        return false;
    if (!atomic_load(&control->for_all) && (at < program_begin || at >= program_end))
        return false;
    if (atomic_fetch_sub(&control->left, 1) != 1)
        return false;
    atomic_fetch_add(&control->struck, 1);
    if (atomic_load(&control->stays))
        atomic_store(&control->left, 1);
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return strikes(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return strikes(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return strikes(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}
