// A file that cannot be watched is an error: its changes would go unnoticed.

#include "error.h"
#include "llama/file_watch.h"
#include "testing.h"

#if !defined(_WIN32)
#include <sys/resource.h>
#endif

namespace longembed::test {

namespace {

void watch_with_too_many_files() {
#if defined(_WIN32)
    throw Skip("Windows has no limit of open files");
#else
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    rlimit none   = limit;
    none.rlim_cur = 0; // what is open stays so
    setrlimit(RLIMIT_NOFILE, &none);
    std::string message;
    try {
        const FileWatch watch(".");
    } catch (const Error & error) {
        message = error.what();
    }
    setrlimit(RLIMIT_NOFILE, &limit);
    expect(message.find("\".\" cannot be opened: ") != std::string::npos, "no such error: " + message);
#endif
}

} // namespace

void add_file_watch_tests(std::vector<Test> & tests) {
    tests.push_back({"file watch with too many open files", watch_with_too_many_files});
}

} // namespace longembed::test
