# What only a clone of the repository builds: programs over core, its unit tests and fuzzers. The npm package leaves them out.

# A program over core, in the build folder.
function(longembed_add_program name)
    add_executable(${name} ${ARGN})
    longembed_compile_options(${name})
    target_link_libraries(${name} PRIVATE longembed_core)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
endfunction()

longembed_add_program(longembed-core "${native}/program/core.cpp")
longembed_add_program(longembed-operations "${native}/program/operations.cpp")
longembed_add_program(longembed-kernels "${native}/program/kernels.cpp")
longembed_add_variants(longembed-kernels "${native}/program/peak.cpp" peak)

# the unit tests
file(GLOB test_sources CONFIGURE_DEPENDS "${native}/test/*.cpp")
longembed_add_program(longembed-test ${test_sources})

# the fuzzing programs: docs/robustness.md
if (LONGEMBED_FUZZ)
    foreach (name model_file plan)
        longembed_add_program(fuzz_${name} "${native}/fuzz/fuzz_${name}.cpp")
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    endforeach()
endif()

if (LONGEMBED_GPU_BENCH)
    include(cmake/gpu-bench.cmake)
endif()
