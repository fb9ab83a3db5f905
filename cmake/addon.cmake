# longembed.node: a plugin that Node loads. Node-API only, so one binary serves every Node version from 20 on.

add_library(longembed MODULE ${addon_sources} ${CMAKE_JS_SRC})
longembed_compile_options(longembed)
set_target_properties(longembed PROPERTIES
    PREFIX ""
    SUFFIX ".node"
    LIBRARY_OUTPUT_DIRECTORY "${LONGEMBED_OUTPUT}"
    LIBRARY_OUTPUT_DIRECTORY_RELEASE "${LONGEMBED_OUTPUT}"
    RUNTIME_OUTPUT_DIRECTORY "${LONGEMBED_OUTPUT}"
    RUNTIME_OUTPUT_DIRECTORY_RELEASE "${LONGEMBED_OUTPUT}")
target_include_directories(longembed SYSTEM PRIVATE ${node_headers})
# Electron's memory cage allows JavaScript no memory that V8 did not allocate: NO_EXTERNAL_BUFFERS leaves out of napi.h what makes it
target_compile_definitions(longembed PRIVATE NAPI_VERSION=8 NAPI_CPP_EXCEPTIONS NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS
    NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED NODE_GYP_MODULE_NAME=longembed)
target_link_libraries(longembed PRIVATE longembed_core ${CMAKE_JS_LIB})

# leaves out the names of local symbols, which nobody looks up
set(strip)
if (CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT MSVC AND NOT LONGEMBED_SANITIZE)
    if (APPLE)
        set(strip -Wl,-x)
    else()
        set(strip -s)
    endif()
endif()

if (APPLE)
    # Node's own symbols are there only once Node loads the file
    target_link_options(longembed PRIVATE -undefined dynamic_lookup -Wl,-dead_strip ${strip})
elseif (NOT WIN32)
    set(exports "${CMAKE_CURRENT_SOURCE_DIR}/cmake/exports.map")
    target_link_options(longembed PRIVATE "-Wl,--version-script=${exports}" -Wl,--gc-sections ${strip})
    set_target_properties(longembed PROPERTIES LINK_DEPENDS "${exports}")
endif()

if (WIN32 AND NOT CMAKE_JS_LIB)
    # what the addon calls is in the program that loads it, whatever its name: node.exe, electron.exe, bun.exe
    find_path(LONGEMBED_NODE_API_DEF_DIR node_api.def HINTS "${LONGEMBED_NODE_API_DIR}/../def" NO_DEFAULT_PATH)
    set(names)
    foreach (list js_native_api node_api)
        file(STRINGS "${LONGEMBED_NODE_API_DEF_DIR}/${list}.def" some REGEX "^(napi|node_api)_")
        list(APPEND names ${some})
    endforeach()
    list(REMOVE_DUPLICATES names)
    list(TRANSFORM names REPLACE "(.+)" "IMPORT(\\1)")
    list(JOIN names "\n" NODE_API_IMPORTS)
    configure_file(cmake/windows_imports.cpp.in "${CMAKE_CURRENT_BINARY_DIR}/windows_imports.cpp" @ONLY)
    target_sources(longembed PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/windows_imports.cpp")
    target_compile_definitions(longembed PRIVATE "NAPI_EXTERN=__declspec(dllimport)")
endif()
if (MINGW)
    target_link_options(longembed PRIVATE -Wl,--gc-sections ${strip})
endif()

if (MSVC AND CMAKE_JS_NODELIB_DEF AND CMAKE_JS_NODELIB_TARGET)
    # node.lib is made from Node-API's list of symbols instead of downloaded
    execute_process(COMMAND ${CMAKE_AR} /def:${CMAKE_JS_NODELIB_DEF} /out:${CMAKE_JS_NODELIB_TARGET} ${CMAKE_STATIC_LINKER_FLAGS})
endif()

if (LONGEMBED_SHARED_GGML)
    # ggml's libraries and backends lie beside the addon: it finds the former by its rpath, and loads the latter from
    # its own folder at run time
    set(beside ggml ggml-base ${GGML_AVAILABLE_BACKENDS})
    add_dependencies(longembed ${beside})
    set_target_properties(${beside} PROPERTIES
        LIBRARY_OUTPUT_DIRECTORY "${LONGEMBED_OUTPUT}"
        RUNTIME_OUTPUT_DIRECTORY "${LONGEMBED_OUTPUT}")
    foreach (library ${beside})
        if (MINGW)
            target_sources(${library} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/cmake/windows_exports.c")
        endif()
        # one file each: npm packs no links from libggml.so to libggml.so.0
        set_property(TARGET ${library} PROPERTY VERSION)
        set_property(TARGET ${library} PROPERTY SOVERSION)
        target_link_options(${library} PRIVATE ${strip} $<$<PLATFORM_ID:Darwin>:-Wl,-dead_strip>)
        if (UNIX AND NOT APPLE AND library MATCHES "^ggml-cpu")
            # an eighth of a CPU variant, of which there are fourteen, is not reached from a backend's interface
            target_compile_options(${library} PRIVATE -ffunction-sections -fdata-sections -fvisibility=hidden)
            target_link_options(${library} PRIVATE -Wl,--gc-sections)
        endif()
    endforeach()
    if (APPLE)
        set_target_properties(longembed ${beside} PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "@loader_path")
    elseif (UNIX)
        set_target_properties(longembed ${beside} PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN")
    endif()
endif()
