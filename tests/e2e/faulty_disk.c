// A disk that is slow or fails: preloaded into a collector. While the file $FAULTY_DISK exists and holds
// "MILLISECONDS ERRNO", every fsync takes so much longer, and if ERRNO is not 0 syncs and writes at an offset fail.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static int fault(int wait) {
  const char *path = getenv("FAULTY_DISK");
  FILE *file = path ? fopen(path, "r") : NULL;
  int milliseconds = 0, number = 0;
  if (!file) return 0;
  if (fscanf(file, "%d %d", &milliseconds, &number) != 2) milliseconds = number = 0;
  fclose(file);
  if (wait && milliseconds) usleep(1000 * milliseconds);
  return number;
}

#define SYNC(name)                                              \
  int name(int fd) {                                            \
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, #name);   \
    int number = fault(1);                                      \
    if (number) { errno = number; return -1; }                  \
    return real(fd);                                            \
  }

#define WRITE(name, offset_type)                                                                     \
  ssize_t name(int fd, const void *bytes, size_t count, offset_type at) {                            \
    ssize_t (*real)(int, const void *, size_t, offset_type) =                                        \
        (ssize_t(*)(int, const void *, size_t, offset_type))dlsym(RTLD_NEXT, #name);                 \
    int number = fault(0);                                                                           \
    if (number) { errno = number; return -1; }                                                       \
    return real(fd, bytes, count, at);                                                               \
  }

SYNC(fsync)
SYNC(fdatasync)
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)
