# Our own targets.

include(CheckCXXCompilerFlag)

function(longembed_compile_options target)
    target_compile_features(${target} PRIVATE cxx_std_17)
    set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    if (MSVC)
        target_compile_options(${target} PRIVATE /W4 /utf-8)
    else()
        target_compile_options(${target} PRIVATE -Wall -Wextra)
    endif()
    if (GGML_NATIVE AND NOT MSVC)
        # the flag by which ggml tunes itself: -march on x86, -mcpu on ARM
        check_cxx_compiler_flag(-march=native LONGEMBED_MARCH_NATIVE)
        check_cxx_compiler_flag(-mcpu=native LONGEMBED_MCPU_NATIVE)
        if (LONGEMBED_MARCH_NATIVE)
            target_compile_options(${target} PRIVATE -march=native)
        elseif (LONGEMBED_MCPU_NATIVE)
            target_compile_options(${target} PRIVATE -mcpu=native)
        endif()
    endif()
endfunction()

# core
file(GLOB_RECURSE core_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/native/core/*.cpp")
list(FILTER core_sources EXCLUDE REGEX "/native/core/pretokenize/") # compiled into llama: cmake/llama.cmake
add_library(longembed_core STATIC ${core_sources})
longembed_compile_options(longembed_core)
target_include_directories(longembed_core PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}/native/core")
# llama.cpp's headers are somebody else's: SYSTEM keeps their warnings out of ours
target_include_directories(longembed_core SYSTEM PUBLIC
    "${LONGEMBED_LLAMA_DIR}/include"
    "${LONGEMBED_LLAMA_DIR}/src"
    "${LONGEMBED_LLAMA_DIR}/ggml/include"
    "${LONGEMBED_LLAMA_DIR}/ggml/src")
target_compile_definitions(longembed_core PUBLIC
    LONGEMBED_LLAMA_RELEASE="${LLAMA_RELEASE}"
    LONGEMBED_LLAMA_COMMIT="${LLAMA_COMMIT}"
    LONGEMBED_NATIVE_TUNED=$<BOOL:${GGML_NATIVE}>
    LONGEMBED_BACKEND_DL=$<BOOL:${GGML_BACKEND_DL}>)

# The kernels are compiled once for each instruction set and chosen at run time; a product and a sum are one
# instruction there, which ISO C++ alone would not allow the compiler.
if (NOT MSVC)
    set(kernels "${CMAKE_CURRENT_SOURCE_DIR}/native/core/kernels")
    set_source_files_properties("${kernels}/variant_portable.cpp" PROPERTIES COMPILE_OPTIONS "-O3;-ffp-contract=fast")
    if (CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
        set_source_files_properties("${kernels}/variant_avx2.cpp" PROPERTIES COMPILE_OPTIONS "-O3;-ffp-contract=fast;-mavx2;-mfma;-mf16c")
        set_source_files_properties("${kernels}/variant_avx512.cpp" PROPERTIES COMPILE_OPTIONS
            "-O3;-ffp-contract=fast;-mavx512f;-mfma;-mf16c;-mprefer-vector-width=512")
        check_cxx_compiler_flag(-mavx512bf16 LONGEMBED_AVX512BF16) # GCC from 10 on
        if (LONGEMBED_AVX512BF16)
            set_source_files_properties("${kernels}/variant_avx512bf16.cpp" PROPERTIES COMPILE_OPTIONS
                "-O3;-ffp-contract=fast;-mavx512f;-mavx512bf16;-mfma;-mf16c;-mprefer-vector-width=512")
            set_source_files_properties("${kernels}/variant_avx512bf16.cpp" "${kernels}/cpu_kernels.cpp" PROPERTIES
                COMPILE_DEFINITIONS LONGEMBED_AVX512BF16)
        endif()
    endif()
endif()

find_package(Threads REQUIRED)
target_link_libraries(longembed_core PUBLIC llama ggml Threads::Threads)

# the programs
foreach (program longembed-core longembed-kernels)
    string(REPLACE "longembed-" "" source ${program})
    add_executable(${program} "${CMAKE_CURRENT_SOURCE_DIR}/native/program/${source}.cpp")
    longembed_compile_options(${program})
    target_link_libraries(${program} PRIVATE longembed_core)
    set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
endforeach()

# the fuzzing programs: docs/robustness.md
if (LONGEMBED_FUZZ)
    foreach (name model_file plan)
        add_executable(fuzz_${name} "${CMAKE_CURRENT_SOURCE_DIR}/native/fuzz/fuzz_${name}.cpp")
        longembed_compile_options(fuzz_${name})
        target_link_libraries(fuzz_${name} PRIVATE longembed_core)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
    endforeach()
endif()

# the addon: its headers come from cmake-js, or from node_modules when cmake is run by hand
set(node_headers ${CMAKE_JS_INC})
if (NOT node_headers)
    set(modules "${CMAKE_CURRENT_SOURCE_DIR}/node_modules")
    find_path(LONGEMBED_NODE_API_DIR node_api.h PATHS "${modules}/node-api-headers/include" NO_DEFAULT_PATH)
    find_path(LONGEMBED_NAPI_DIR napi.h PATHS "${modules}/node-addon-api" NO_DEFAULT_PATH)
    if (LONGEMBED_NODE_API_DIR AND LONGEMBED_NAPI_DIR)
        set(node_headers "${LONGEMBED_NODE_API_DIR};${LONGEMBED_NAPI_DIR}")
    endif()
endif()
file(GLOB addon_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/native/addon/*.cpp")
if (node_headers AND addon_sources)
    include(cmake/addon.cmake)
else()
    message(STATUS "longembed.node is left out: no Node headers (run `npm ci` first), or no source in native/addon")
endif()
