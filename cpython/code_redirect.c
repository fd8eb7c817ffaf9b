#include "code_redirect.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// The instructions of a jump to an absolute address, which clobber a register that
// no caller keeps across a call.
#if defined(__x86_64__)
static const uint8_t landing[] = {0xf3, 0x0f, 0x1e, 0xfa}; // endbr64, where the build marks its targets
static const uint8_t before[] = {0x49, 0xbb};              // mov r11, address
static const uint8_t after[] = {0x41, 0xff, 0xe3};         // jmp r11
#elif defined(__aarch64__)
static const uint8_t landing[] = {0x5f, 0x24, 0x03, 0xd5};                        // bti c
static const uint8_t before[] = {0x50, 0x00, 0x00, 0x58, 0x00, 0x02, 0x1f, 0xd6}; // ldr x16, 8; br x16
static const uint8_t after[0];
#endif

char *maestro_code_redirect(void *function, void *to) {
    Dl_info info;
    ElfW(Sym) *symbol = NULL;
    size_t skip = memcmp(function, landing, sizeof landing) == 0 ? sizeof landing : 0;
    size_t size = skip + sizeof before + sizeof to + sizeof after;
    if (!dladdr1(function, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol || symbol->st_size < size)
        return strdup("look into libpython: a function is too short to be redirected");
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (uintptr_t)function & ~(page - 1), end = ((uintptr_t)function + size + page - 1) & ~(page - 1);
    if (mprotect((void *)begin, end - begin, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
        return strdup("look into libpython: its code cannot be written");
    uint8_t *code = (uint8_t *)function + skip;
    memcpy(code, before, sizeof before);
    memcpy(code + sizeof before, &to, sizeof to);
    memcpy(code + sizeof before + sizeof to, after, sizeof after);
    mprotect((void *)begin, end - begin, PROT_READ | PROT_EXEC);
    __builtin___clear_cache((char *)function, (char *)function + size);
    return NULL;
}
