# Toolchain of scripts/cross-build.mjs: `zig cc` as a cross compiler. The script writes wrapper programs for one target into
# LONGEMBED_ZIG_DIR (scripts/lib/zig.mjs) and gives LONGEMBED_TARGET_SYSTEM and LONGEMBED_TARGET_PROCESSOR.

set(CMAKE_SYSTEM_NAME "${LONGEMBED_TARGET_SYSTEM}")
set(CMAKE_SYSTEM_PROCESSOR "${LONGEMBED_TARGET_PROCESSOR}")
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES LONGEMBED_TARGET_SYSTEM LONGEMBED_TARGET_PROCESSOR LONGEMBED_ZIG_DIR)

set(CMAKE_C_COMPILER "${LONGEMBED_ZIG_DIR}/cc")
set(CMAKE_CXX_COMPILER "${LONGEMBED_ZIG_DIR}/c++")
set(CMAKE_ASM_COMPILER "${LONGEMBED_ZIG_DIR}/cc")
# Zig writes debugging information unless told not to, a third of the time that compiling takes
set(CMAKE_C_FLAGS_INIT -g0)
set(CMAKE_CXX_FLAGS_INIT -g0)

set(CMAKE_AR "${LONGEMBED_ZIG_DIR}/ar" CACHE FILEPATH "")
set(CMAKE_RANLIB "${LONGEMBED_ZIG_DIR}/ranlib" CACHE FILEPATH "")
set(CMAKE_RC_COMPILER "${LONGEMBED_ZIG_DIR}/rc" CACHE FILEPATH "")
# CMake asks for it on macOS, and has no use for it: paths are set when linking
set(CMAKE_INSTALL_NAME_TOOL "${LONGEMBED_ZIG_DIR}/install_name_tool" CACHE FILEPATH "")

# nothing of this machine's own headers and libraries
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE NEVER)
