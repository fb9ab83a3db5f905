# Our own targets.

include(CheckCXXCompilerFlag)
include(cmake/kernels.cmake)

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

set(native "${CMAKE_CURRENT_SOURCE_DIR}/native")

# core
file(GLOB_RECURSE core_sources CONFIGURE_DEPENDS "${native}/core/*.cpp")
list(REMOVE_ITEM core_sources "${native}/core/kernels/variant.cpp")
# compiled into llama: cmake/llama.cmake
list(FILTER core_sources EXCLUDE REGEX "/native/core/(pretokenize|llama/hooks)/")
add_library(longembed_core STATIC ${core_sources})
longembed_compile_options(longembed_core)
longembed_add_variants(longembed_core "${native}/core/kernels/variant.cpp" kernels)
target_include_directories(longembed_core PUBLIC "${native}/core")
# SYSTEM: warnings in llama.cpp's headers are not ours to fix
target_include_directories(longembed_core SYSTEM PUBLIC
    "${LONGEMBED_LLAMA_DIR}/include"
    "${LONGEMBED_LLAMA_DIR}/src"
    "${LONGEMBED_GGML_DIR}/include"
    "${LONGEMBED_GGML_DIR}/src")
target_compile_definitions(longembed_core PUBLIC
    LONGEMBED_LLAMA_RELEASE="${LLAMA_RELEASE}"
    LONGEMBED_LLAMA_COMMIT="${LLAMA_COMMIT}"
    LONGEMBED_BACKEND_DL=$<BOOL:${GGML_BACKEND_DL}>)
find_package(Threads REQUIRED)
target_link_libraries(longembed_core PUBLIC llama ggml Threads::Threads)

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
file(GLOB addon_sources CONFIGURE_DEPENDS "${native}/addon/*.cpp")
if (node_headers AND addon_sources)
    include(cmake/addon.cmake)
else()
    message(STATUS "longembed.node is left out: no Node headers (run `npm ci` first), or no source in native/addon")
endif()
