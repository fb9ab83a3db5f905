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
            const RightOfWay::Taken now(way, taken, 3);
            expect(now.threads() == taken, "it may not have what it asks for");
            expect(comes_to(way, taken), "other than the " + std::to_string(taken) + " threads wait");
            std::this_thread::sleep_for(milliseconds(20));
            expect(way.waiting() == taken, "more threads came to wait");
        }
        expect(comes_to(way, 0), "threads wait for nothing");
    }
}

/// Takes all of four threads, or what it gets, for some time. @return what it got
int take_all(RightOfWay & way, milliseconds time) {
    const RightOfWay::Taken now(way, 4, 4);
    expect(comes_to(way, now.threads()), "other than the threads that it may have wait");
    std::this_thread::sleep_for(time);
    expect(way.waiting() == now.threads(), "others came to wait");
    return now.threads();
}

void leaves_half_to_long_work_half_of_the_time() {
    RightOfWay     way;
    const LongWork work(way, 4);
    const auto     began = std::chrono::steady_clock::now();
    expect(take_all(way, milliseconds(1500)) == 4, "it does not get all threads for a second");
    expect(take_all(way, milliseconds(1)) == 2, "it gets all threads for longer");
    {
        const RightOfWay::Taken half(way, 2, 4);
        expect(half.threads() == 2, "it does not get half of them");
    }
    std::this_thread::sleep_for(std::chrono::steady_clock::now() - began);
    expect(take_all(way, milliseconds(1)) == 4, "it does not get all threads again after a while");
}

void leaves_the_only_thread_to_both() {
    RightOfWay     way;
    const LongWork work(way, 1);
    {
        const RightOfWay::Taken now(way, 1, 1);
        expect(comes_to(way, 1), "the thread does not wait");
        std::this_thread::sleep_for(milliseconds(1500));
    }
    const RightOfWay::Taken again(way, 1, 1);
    expect(again.threads() == 1, "it has no thread");
    expect(comes_to(way, 0), "the thread is held up without end");
}

void lets_other_threads_pass() {
    RightOfWay              way;
    const RightOfWay::Taken now(way, 1, 1);
    RightOfWay::give_way(); // this thread does no long work
    expect(!RightOfWay::is_yielding(), "it does long work");
    const RightOfWay::Yielding nothing(nullptr);
    RightOfWay::give_way();
}

} // namespace

void add_right_of_way_tests(std::vector<Test> & tests) {
    tests.push_back({"right_of_way: holds up as many threads as it takes", holds_up_as_many_threads_as_it_takes});
    tests.push_back(
        {"right_of_way: leaves half to long work half of the time", leaves_half_to_long_work_half_of_the_time});
    tests.push_back({"right_of_way: leaves the only thread to both", leaves_the_only_thread_to_both});
    tests.push_back({"right_of_way: lets other threads pass", lets_other_threads_pass});
}

} // namespace longembed::test
