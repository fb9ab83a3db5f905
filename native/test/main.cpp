// Unit tests of native/core. Prints a line for each test, "ok NAME", "skip NAME: REASON" or "fail NAME: REASON"; the
// exit status is 1 if one failed. test/native.test.ts runs it as part of `npm test`. Arguments choose the tests whose
// names begin with one of them.

#include <algorithm>
#include <cstdio>

#include "testing.h"

int main(int argc, char ** argv) {
    using namespace longembed::test;
    const std::vector<std::string> chosen(argv + 1, argv + argc);
    std::vector<Test>              tests;
    add_amx_tests(tests);
    add_gemm_tests(tests);
    add_attention_tests(tests);
    add_dot_tests(tests);
    add_row_search_tests(tests);
    add_convert_tests(tests);
    add_norm_tests(tests);
    add_placement_tests(tests);
    add_backend_tests(tests);
    add_file_watch_tests(tests);
    add_processor_features_tests(tests);
    add_product_grid_tests(tests);
    add_relative_speed_tests(tests);
    add_right_of_way_tests(tests);
    add_rope_tests(tests);
    add_thread_choice_tests(tests);
    add_thread_team_tests(tests);

    bool failed = false;
    for (const Test & test : tests) {
        const auto begins = [&test](const std::string & name) { return test.name.rfind(name, 0) == 0; };
        if (!chosen.empty() && std::none_of(chosen.begin(), chosen.end(), begins)) {
            continue;
        }
        try {
            test.run();
            std::printf("ok %s\n", test.name.c_str());
        } catch (const Skip & skip) {
            std::printf("skip %s: %s\n", test.name.c_str(), skip.what());
        } catch (const std::exception & error) {
            std::printf("fail %s: %s\n", test.name.c_str(), error.what());
            failed = true;
        }
        std::fflush(stdout);
    }
    return failed ? 1 : 0;
}
