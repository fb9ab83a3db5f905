// Which threads compute a short input, on machines whose cores are free, in use by others, or now this and now that.

#include "graph/thread_choice.h"
#include "testing.h"

namespace longembed::test {

namespace {

using Clock = ThreadChoice::Clock;
using std::chrono::milliseconds;

constexpr double work = 4e8;

/// A machine on which an input takes so many milliseconds on one thread, and on all.
struct Machine {
    int one;
    int all;
};

/// Inputs one after the other, with a choice that learns from them.
class Inputs {
public:
    /// @return how many of `count` inputs were computed by all threads
    int compute(int count, const Machine & machine) {
        int by_all = 0;
        for (int i = 0; i < count; ++i) {
            const int             threads = choice_.choose(work, now_);
            const Clock::duration time    = milliseconds(threads == 1 ? machine.one : machine.all);
            choice_.learn(threads, work, now_, now_ + time);
            now_ += time;
            by_all += threads == 1 ? 0 : 1;
        }
        return by_all;
    }

private:
    ThreadChoice      choice_{2};
    Clock::time_point now_{};
};

constexpr Machine quiet{10, 5};
constexpr Machine busy{20, 100};

void expect_between(int number, int least, int most, const std::string & what) {
    expect(number >= least && number <= most, what + ": " + std::to_string(number) + " by all threads");
}

} // namespace

void add_thread_choice_tests(std::vector<Test> & tests) {
    tests.push_back({"thread choice: free cores are used", [] {
                         Inputs inputs;
                         expect_between(inputs.compute(1000, quiet), 998, 999, "of 1,000 inputs");
                     }});
    tests.push_back({"thread choice: one thread where cores are in use, with few tries of the others", [] {
                         Inputs inputs;
                         (void) inputs.compute(100, busy);
                         expect_between(inputs.compute(10'000, busy), 1, 80, "of 10,000 inputs");
                     }});
    tests.push_back({"thread choice: follows the machine", [] {
                         Inputs inputs;
                         (void) inputs.compute(100, quiet);
                         expect_between(inputs.compute(200, busy), 1, 8, "of 200 inputs once cores are in use");
                         expect_between(inputs.compute(1000, quiet), 600, 1000, "of 1,000 inputs once they are free");
                         expect_between(inputs.compute(1, {10, 100}), 1, 1, "of one that was held up");
                         expect_between(inputs.compute(100, quiet), 90, 99, "of 100 inputs after it");
                     }});
    tests.push_back({"thread choice: tiny inputs wake no thread", [] {
                         ThreadChoice      choice(8);
                         Clock::time_point now{};
                         for (int i = 0; i < 10; ++i) {
                             expect(choice.choose(1e6, now) == 1, "a tiny input was given to several threads");
                             choice.learn(1, 1e6, now, now + milliseconds(1));
                             now += milliseconds(1);
                         }
                     }});
}

} // namespace longembed::test
