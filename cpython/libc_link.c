#include "libc_link.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { CALL = R_X86_64_JUMP_SLOT, POINTER = R_X86_64_GLOB_DAT, DATA = R_X86_64_64 };
#elif defined(__aarch64__)
enum { CALL = R_AARCH64_JUMP_SLOT, POINTER = R_AARCH64_GLOB_DAT, DATA = R_AARCH64_ABS64 };
#else
#error "the kinds of relocation of this processor are not known"
#endif

// The part of a library's memory that the loader has made read-only.
struct sealed {
    uintptr_t base, begin, end;
};

static int find_sealed(struct dl_phdr_info *info, size_t size, void *argument) {
    struct sealed *sealed = argument;
    if (info->dlpi_addr != sealed->base)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO) {
            uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
            sealed->begin = (sealed->base + info->dlpi_phdr[i].p_vaddr) & ~(page - 1);
            sealed->end = (sealed->base + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz) & ~(page - 1);
        }
    return 1;
}

// The parts of a dynamic section that are needed.
struct dynamic {
    const ElfW(Sym) * symbols;
    const char *names;
    const ElfW(Rela) * tables[2]; // relocations of data, and of calls
    size_t sizes[2];
};

static struct dynamic read_dynamic(const struct link_map *map) {
    struct dynamic found = {0};
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
        uintptr_t address = entry->d_un.d_ptr;
        if (address < map->l_addr) // not every loader makes it absolute
            address += map->l_addr;
        switch (entry->d_tag) {
        case DT_SYMTAB:
            found.symbols = (const ElfW(Sym) *)address;
            break;
        case DT_STRTAB:
            found.names = (const char *)address;
            break;
        case DT_RELA:
            found.tables[0] = (const ElfW(Rela) *)address;
            break;
        case DT_RELASZ:
            found.sizes[0] = entry->d_un.d_val;
            break;
        case DT_JMPREL:
            found.tables[1] = (const ElfW(Rela) *)address;
            break;
        case DT_PLTRELSZ:
            found.sizes[1] = entry->d_un.d_val;
            break;
        default:
            break;
        }
    }
    return found;
}

// The index of the reference with that name, or count.
static size_t reference_to(const char *name, const struct maestro_reference *references, size_t count) {
    size_t i = 0;
    while (i < count && strcmp(name, references[i].name) != 0)
        i++;
    return i;
}

char *maestro_link_search(void *library, const struct maestro_reference *references, size_t count, unsigned char *found) {
    struct link_map *map = NULL;
    if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0)
        return strdup("look into libpython: no link map");
    struct dynamic dynamic = read_dynamic(map);
    struct sealed sealed = {.base = map->l_addr};
    dl_iterate_phdr(find_sealed, &sealed);
    size_t length = sealed.end - sealed.begin;
    if (length && mprotect((void *)sealed.begin, length, PROT_READ | PROT_WRITE) != 0)
        return strdup("look into libpython: its references cannot be written");
    for (int table = 0; table < 2; table++) {
        const ElfW(Rela) *entry = dynamic.tables[table];
        for (size_t i = 0; entry && i < dynamic.sizes[table] / sizeof *entry; i++) {
            unsigned type = ELF64_R_TYPE(entry[i].r_info);
            size_t symbol = ELF64_R_SYM(entry[i].r_info);
            if (!symbol || (type != CALL && type != POINTER && type != DATA))
                continue;
            size_t which = reference_to(dynamic.names + dynamic.symbols[symbol].st_name, references, count);
            if (which == count)
                continue;
            *(void **)(map->l_addr + entry[i].r_offset) = references[which].address;
            found[which] = 1;
        }
    }
    if (length)
        mprotect((void *)sealed.begin, length, PROT_READ);
    return NULL;
}

char *maestro_link_replace(void *library, const struct maestro_reference *references, size_t count) {
    unsigned char *found = calloc(count, 1);
    if (!found)
        return strdup("out of memory");
    char *message = maestro_link_search(library, references, count, found);
    if (!message && !memchr(found, 1, count))
        message = strdup("look into libpython: it refers to nothing of libc");
    free(found);
    return message;
}
