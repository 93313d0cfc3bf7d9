/* The simulator never runs beside the driver that it stands for.
 *
 * A test that found the real driver in its process would prove something else than it says, and
 * two libraries of one SONAME would share FFmpeg's calls between them.
 */
#include "state.h"

#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_REFUSED = 97 };

static char own_folder[PATH_MAX];

static void folder_of(const char *file, char *folder)
{
    char real[PATH_MAX];
    snprintf(folder, PATH_MAX, "%s", realpath(file, real) ? dirname(real) : "");
}

static int check_library(struct dl_phdr_info *info, size_t size, void *found)
{
    static const char *const names[] = {"libcuda.so", "libnvidia-encode.so", "libnvcuvid.so"};
    const char *base = strrchr(info->dlpi_name, '/');
    base = base ? base + 1 : info->dlpi_name;
    (void)size;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char folder[PATH_MAX];
        if (strncmp(base, names[i], strlen(names[i])))
            continue;
        folder_of(info->dlpi_name, folder);
        if (strcmp(folder, own_folder))
            *(const char **)found = info->dlpi_name;
    }
    return 0;
}

void refuse_over_real_driver(void)
{
    Dl_info self;
    const char *found = NULL;
    if (dladdr((void *)refuse_over_real_driver, &self))
        folder_of(self.dli_fname, own_folder);
    dl_iterate_phdr(check_library, &found);
    if (!found)
        return;
    fprintf(stderr, "nvsim: refusing to run over a real driver: %s is loaded\n", found);
    _Exit(EXIT_REFUSED);
}
