# The GPU benchmark's programs (bench/speed/gpu), which need no Node.

foreach (program gpu-bench:measure.cpp shape-model:shape_model.cpp)
    string(REPLACE ":" ";" program ${program})
    list(GET program 0 name)
    list(GET program 1 file)
    add_executable(longembed-${name} "${CMAKE_CURRENT_SOURCE_DIR}/bench/speed/gpu/${file}")
    longembed_compile_options(longembed-${name})
    target_link_libraries(longembed-${name} PRIVATE longembed_core)
    set_target_properties(longembed-${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
endforeach()
