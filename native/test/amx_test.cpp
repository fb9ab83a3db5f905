// AMX's tiles are used only where the process was permitted to.

#include "kernels/amx.h"
#include "testing.h"

#if defined(__linux__) && defined(__x86_64__)
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace longembed::test {

#if defined(__linux__) && defined(__x86_64__)

namespace {

/// From now on arch_prctl fails in this process, as in a container that filters system calls.
bool refuse_arch_prctl() {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    sock_fprog program{4, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void does_without_where_refused() {
    if (!may_use_amx()) {
        throw Skip("this processor has no AMX, or the process may not use it");
    }
    enum Outcome { refused, used, no_filter };
    const pid_t child = fork();
    if (child == 0) {
        _exit(!refuse_arch_prctl() ? no_filter : may_use_amx() ? used : refused);
    }
    int status = 0;
    waitpid(child, &status, 0);
    expect(WIFEXITED(status), "the process died");
    if (WEXITSTATUS(status) == no_filter) {
        throw Skip("the kernel lets nobody filter system calls");
    }
    expect(WEXITSTATUS(status) == refused, "a process that was refused AMX would use it");
}

} // namespace

void add_amx_tests(std::vector<Test> & tests) {
    tests.push_back({"amx: is not used where the process was refused it", does_without_where_refused});
}

#else

void add_amx_tests(std::vector<Test> & /*tests*/) {}

#endif

} // namespace longembed::test
