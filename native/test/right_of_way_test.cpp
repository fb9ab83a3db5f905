#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "right_of_way.h"
#include "testing.h"

namespace longembed::test {

namespace {

using std::chrono::milliseconds;

/// Threads of long work, which come to a place where they give way again and again.
class LongWork {
public:
    LongWork(RightOfWay & way, int threads) {
        for (int i = 0; i < threads; ++i) {
            threads_.emplace_back([this, &way] {
                const RightOfWay::Yielding yielding(&way);
                while (!ending_) {
                    RightOfWay::give_way();
                    std::this_thread::sleep_for(milliseconds(1));
                }
            });
        }
    }
    ~LongWork() {
        ending_ = true;
        for (std::thread & thread : threads_) {
            thread.join();
        }
    }

private:
    std::atomic<bool>        ending_{false};
    std::vector<std::thread> threads_;
};

bool comes_to(const RightOfWay & way, int waiting) {
    for (int i = 0; i < 5000 && way.waiting() != waiting; ++i) {
        std::this_thread::sleep_for(milliseconds(1));
    }
    return way.waiting() == waiting;
}

void holds_up_as_many_threads_as_it_takes() {
    for (const int taken : {1, 2, 3}) {
        RightOfWay     way;
        const LongWork work(way, 3);
        {
            const RightOfWay::Taken now(way, taken);
            expect(comes_to(way, taken), "other than the " + std::to_string(taken) + " threads wait");
            std::this_thread::sleep_for(milliseconds(20));
            expect(way.waiting() == taken, "more threads came to wait");
        }
        expect(comes_to(way, 0), "threads wait for nothing");
    }
}

void leaves_long_work_as_much_time_as_it_took() {
    RightOfWay     way;
    const LongWork work(way, 2);
    const auto     began = std::chrono::steady_clock::now();
    {
        const RightOfWay::Taken now(way, 2);
        expect(comes_to(way, 2), "nobody waits");
        std::this_thread::sleep_for(milliseconds(500));
    }
    const auto took = std::chrono::steady_clock::now() - began;
    {
        const RightOfWay::Taken again(way, 2);
        expect(comes_to(way, 0), "threads still wait");
        std::this_thread::sleep_for(milliseconds(50));
        expect(way.waiting() == 0, "threads are held up again at once");
    }
    std::this_thread::sleep_for(took);
    const RightOfWay::Taken later(way, 2);
    expect(comes_to(way, 2), "threads are not held up after a while");
}

void lets_other_threads_pass() {
    RightOfWay              way;
    const RightOfWay::Taken now(way, 1);
    RightOfWay::give_way(); // this thread does no long work
    expect(!RightOfWay::is_yielding(), "it does long work");
    const RightOfWay::Yielding nothing(nullptr);
    RightOfWay::give_way();
}

} // namespace

void add_right_of_way_tests(std::vector<Test> & tests) {
    tests.push_back({"the right of way holds up as many threads as it takes", holds_up_as_many_threads_as_it_takes});
    tests.push_back(
        {"the right of way leaves long work as much time as it took", leaves_long_work_as_much_time_as_it_took});
    tests.push_back({"the right of way lets other threads pass", lets_other_threads_pass});
}

} // namespace longembed::test
