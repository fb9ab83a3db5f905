// Threads that share pieces of work, also where the system starts fewer than were asked for.

#include "graph/thread_team.h"

#include <atomic>
#include <fstream>

#include "testing.h"

#if defined(__linux__)
#include <sys/resource.h>
#include <unistd.h>
#endif

namespace longembed::test {

namespace {

void expect_all_pieces(ThreadTeam & team) {
    constexpr int64_t             pieces = 100;
    std::vector<std::atomic<int>> done(pieces);
    team.run(pieces, [&](int member, int64_t piece) {
        expect(member >= 0 && member < team.members(), "member " + std::to_string(member) + " is not in the team");
        ++done[piece];
    });
    for (int64_t piece = 0; piece < pieces; ++piece) {
        expect(done[piece] == 1,
               "piece " + std::to_string(piece) + " was done " + std::to_string(done[piece]) + " times");
    }
}

#if defined(__linux__)
/// Leaves room for the stacks of a few threads only.
class LittleAddressSpace {
public:
    LittleAddressSpace() {
        getrlimit(RLIMIT_AS, &before_);
        std::ifstream file("/proc/self/statm");
        rlim_t        pages = 0;
        file >> pages;
        rlimit now   = before_;
        now.rlim_cur = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{64} << 20);
        setrlimit(RLIMIT_AS, &now);
    }
    ~LittleAddressSpace() { setrlimit(RLIMIT_AS, &before_); }

    LittleAddressSpace(const LittleAddressSpace &)             = delete;
    LittleAddressSpace & operator=(const LittleAddressSpace &) = delete;

private:
    rlimit before_{};
};
#endif

} // namespace

void add_thread_team_tests(std::vector<Test> & tests) {
    tests.push_back({"thread team: does each piece once", [] {
                         ThreadTeam team(3);
                         expect(team.members() == 3, "the team has " + std::to_string(team.members()) + " members");
                         expect_all_pieces(team);
                     }});
    tests.push_back({"thread team: is smaller where the system starts no more threads", [] {
#if defined(__linux__)
                         const LittleAddressSpace little;
                         ThreadTeam               team(1000);
                         expect(team.members() < 1000, "the limit has no effect");
                         expect_all_pieces(team);
#else
                         throw Skip("there is no such limit on this system");
#endif
                     }});
}

} // namespace longembed::test
