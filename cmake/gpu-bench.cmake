# The GPU benchmark's programs (bench/speed/gpu), which need no Node.

set(folder "${CMAKE_CURRENT_SOURCE_DIR}/bench/speed/gpu")
add_executable(longembed-gpu-bench "${folder}/measure.cpp" "${folder}/fake_gpu.cpp")
add_executable(longembed-shape-model "${folder}/shape_model.cpp")
add_executable(longembed-attention-error "${folder}/attention_error.cpp")

foreach (program longembed-gpu-bench longembed-shape-model longembed-attention-error)
    longembed_compile_options(${program})
    target_link_libraries(${program} PRIVATE longembed_core)
    set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
endforeach()
