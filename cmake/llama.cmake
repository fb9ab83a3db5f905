# llama.cpp's two libraries, `ggml` and `llama`, and nothing else of it: no common, tools, server, examples or tests.

# Sources outside our own are not ours to lint.
set(LLAMA_ALL_WARNINGS OFF CACHE BOOL "" FORCE)
foreach (part COMMON TESTS TOOLS EXAMPLES SERVER APP UI MTMD)
    set(LLAMA_BUILD_${part} OFF CACHE BOOL "" FORCE)
endforeach()

# An OpenMP build needs the compiler's OpenMP runtime on the machine that runs it, where a missing libgomp is a package
# that cannot be loaded. ggml's own thread pool needs nothing and is as fast (docs/building.md has the figures).
option(GGML_OPENMP "ggml: use OpenMP" OFF)
option(GGML_LLAMAFILE "ggml: use LLAMAFILE's matrix kernels" ON)

# On macOS by default, where only llama.cpp's own context would use it: Accelerate's interface for it is missing before macOS 13.3,
# and rounds a text differently with the size of its batch.
option(GGML_BLAS "ggml: use BLAS" OFF)

option(LONGEMBED_CPU_VARIANTS "release builds: the CPU backend for each level of instruction sets; OFF: one, for AVX2 on x86" ON)
if (LONGEMBED_RELEASE)
    # One package for all CPUs of a platform: the CPU backend is built once for each level of instruction sets,
    # and ggml loads the best one that the machine can run. GPU backends are separate files in the same way.
    set(GGML_NATIVE OFF CACHE BOOL "" FORCE)
    set(GGML_BACKEND_DL ON CACHE BOOL "" FORCE)
    set(GGML_CPU_ALL_VARIANTS ${LONGEMBED_CPU_VARIANTS} CACHE BOOL "" FORCE)
    set(LONGEMBED_SHARED_GGML ON)
else()
    option(GGML_NATIVE "ggml: tune for this machine" ON)
    option(GGML_BACKEND_DL "ggml: backends are files that are loaded at run time" OFF)
    set(LONGEMBED_SHARED_GGML ${GGML_BACKEND_DL})
endif()

if (LONGEMBED_SANITIZE STREQUAL "thread")
    set(LLAMA_SANITIZE_THREAD ON CACHE BOOL "" FORCE)
    set(GGML_SANITIZE_THREAD ON CACHE BOOL "" FORCE)
    add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
    add_link_options(-fsanitize=thread)
elseif (LONGEMBED_SANITIZE) # address; ON too
    foreach (library LLAMA GGML)
        set(${library}_SANITIZE_ADDRESS ON CACHE BOOL "" FORCE)
        set(${library}_SANITIZE_UNDEFINED ON CACHE BOOL "" FORCE)
    endforeach()
    add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
endif()
if (LONGEMBED_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# A failed assertion of ggml may leave as an exception (native/core/llama/abort_guard.h), also through ggml's C functions.
if (NOT MSVC)
    add_compile_options($<$<COMPILE_LANGUAGE:C>:-fexceptions>)
endif()

# llama.cpp asks git for its commit, and in a folder without a repository of its own git would answer with ours:
# each of our commits would then recompile parts of it. The commit is known, so it is told and git is not asked.
string(SUBSTRING "${LLAMA_COMMIT}" 0 9 LLAMA_BUILD_COMMIT)
set(LLAMA_BUILD_NUMBER 0)
set(LLAMA_BUILD_IS_DEV OFF CACHE BOOL "" FORCE)
set(GGML_BUILD_COMMIT "${LLAMA_BUILD_COMMIT}")
set(GGML_BUILD_NUMBER 0)
set(GIT_EXE "")
set(GIT_EXECUTABLE "")
set(CMAKE_DISABLE_FIND_PACKAGE_Git ON)

# ggml comes first and may be shared (backends that are loaded at run time need that); llama is always linked in,
# because core uses its internal headers, whose symbols a shared llama would not export on every platform.
set(BUILD_SHARED_LIBS ${LONGEMBED_SHARED_GGML})
set(LONGEMBED_GGML_DIR "${LONGEMBED_LLAMA_DIR}/ggml")
if (GGML_VULKAN OR GGML_CUDA)
    include(cmake/patched-ggml.cmake)
    longembed_patch_ggml("${LONGEMBED_LLAMA_DIR}" LONGEMBED_GGML_DIR)
endif()
add_subdirectory("${LONGEMBED_GGML_DIR}" llama.cpp/ggml EXCLUDE_FROM_ALL)
set(BUILD_SHARED_LIBS OFF)
set(CMAKE_MESSAGE_LOG_LEVEL ERROR) # its one warning is that git was not found
add_subdirectory("${LONGEMBED_LLAMA_DIR}" llama.cpp EXCLUDE_FROM_ALL)
unset(CMAKE_MESSAGE_LOG_LEVEL)
unset(CMAKE_DISABLE_FIND_PACKAGE_Git)

# std::regex calls itself for every character of a word and overflows the stack; see native/core/pretokenize.
set_source_files_properties("${LONGEMBED_LLAMA_DIR}/src/unicode.cpp" TARGET_DIRECTORY llama PROPERTIES
    COMPILE_DEFINITIONS unicode_regex_split=unicode_regex_split_std)
file(GLOB pretokenize_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/native/core/pretokenize/*.cpp")
target_sources(llama PRIVATE ${pretokenize_sources})
set_source_files_properties(${pretokenize_sources} TARGET_DIRECTORY llama PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

# T5's encoder has no dense layers after pooling in llama.cpp; see native/core/llama/hooks.
set(loader_hook "${CMAKE_CURRENT_SOURCE_DIR}/native/core/llama/hooks/done_getting_tensors.cpp")
target_sources(llama PRIVATE "${loader_hook}")
set_source_files_properties("${loader_hook}" "${LONGEMBED_LLAMA_DIR}/src/llama-model.cpp" TARGET_DIRECTORY llama
    PROPERTIES COMPILE_DEFINITIONS done_getting_tensors=done_getting_tensors_with_head SKIP_UNITY_BUILD_INCLUSION ON)

# ggml's AMX code crashes: GCC drops the stores that fill the tile configuration (SIGSEGV at ldtilecfg), and a process that has
# not asked the kernel for the tiles gets SIGILL. Without the compiler's flag it is not compiled, in any CPU variant.
include(CheckCXXCompilerFlag)
check_cxx_compiler_flag(-mno-amx-tile LONGEMBED_NO_AMX)
if (LONGEMBED_NO_AMX)
    get_property(ggml_targets DIRECTORY "${LONGEMBED_GGML_DIR}/src" PROPERTY BUILDSYSTEM_TARGETS)
    list(FILTER ggml_targets INCLUDE REGEX "^ggml-cpu")
    foreach (target ${ggml_targets})
        target_compile_options(${target} PRIVATE -mno-amx-tile -mno-amx-int8 -mno-amx-bf16)
    endforeach()
endif()
