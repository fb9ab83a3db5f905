#include "amx.h"

#include "processor_features.h"

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace longembed {

#if defined(__linux__) && defined(__x86_64__)

namespace {

/// Linux 5.16 and later gives a process the 8 KB of state only when it asks (Documentation/arch/x86/xstate.rst). Older
/// ones, hypervisors and filters of system calls refuse.
bool is_permitted() {
    constexpr long request_permission = 0x1023; // ARCH_REQ_XCOMP_PERM
    constexpr long get_permissions    = 0x1022; // ARCH_GET_XCOMP_PERM
    constexpr long tile_data          = 18;     // XFEATURE_XTILEDATA
    unsigned long  permitted          = 0;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0 &&
           syscall(SYS_arch_prctl, get_permissions, &permitted) == 0 && (permitted >> tile_data & 1) != 0;
}

} // namespace

bool may_use_amx() {
    return processor_features().amx_bf16 && is_permitted();
}

#else

bool may_use_amx() {
    return false;
}

#endif

} // namespace longembed
