# ggml with its flash attention on Vulkan mended: the build's copy, as LONGEMBED_LLAMA_DIR is not ours to change.
#
# Its three kernels add up values in halves, whatever precision they are asked for: the error of what a token attends to
# grows with the square root of the keys, to 1.3e-2 at 32,768 (docs/gpu.md). In the copy, floats are added where
# GGML_PREC_F32 is asked for.

# Sets `result` to a copy of `source`/ggml in the build folder.
function (longembed_patch_ggml source result)
    set(copy "${CMAKE_BINARY_DIR}/ggml-patched/ggml")
    set(shaders src/ggml-vulkan/vulkan-shaders)
    set(patched
        src/ggml-vulkan/ggml-vulkan.cpp
        ${shaders}/flash_attn.comp ${shaders}/flash_attn_base.glsl ${shaders}/flash_attn_cm1.comp)

    if (NOT EXISTS "${copy}")
        # a build of before the copy: CMake would not take other shaders there
        file(REMOVE_RECURSE "${CMAKE_BINARY_DIR}/llama.cpp/ggml/src/ggml-vulkan")
    endif()

    # what has not changed keeps its time, so that it is not compiled again
    file(GLOB_RECURSE all RELATIVE "${source}/ggml" "${source}/ggml/*")
    list(REMOVE_ITEM all ${patched})
    foreach (file ${all})
        get_filename_component(folder "${copy}/${file}" DIRECTORY)
        file(COPY "${source}/ggml/${file}" DESTINATION "${folder}")
    endforeach()

    # the sums are of the type that was asked for …
    longembed_patch("${source}/ggml" "${copy}" ${shaders}/flash_attn_base.glsl
        "#define O_TYPE FLOAT_TYPE\n#define O_TYPEV4 FLOAT_TYPEV4"
        "#define O_TYPE ACC_TYPE\n#define O_TYPEV4 ACC_TYPEV4")
    longembed_patch("${source}/ggml" "${copy}" ${shaders}/flash_attn.comp
        "FLOAT_TYPEV4 Of[rows_per_thread]" "O_TYPEV4 Of[rows_per_thread]"
        "Of[r][d] = FLOAT_TYPEV4(0.0)" "Of[r][d] = O_TYPEV4(0.0)"
        "Of[r][d] = FLOAT_TYPE(eMf[r])" "Of[r][d] = O_TYPE(eMf[r])"
        "Of[r][d] = FLOAT_TYPE(eMf)" "Of[r][d] = O_TYPE(eMf)"
        "Of[r][d] += FLOAT_TYPEV4(Pf[r] * Vf)" "Of[r][d] += O_TYPE(Pf[r]) * O_TYPEV4(Vf)"
        "FLOAT_TYPEV4(subgroupShuffleXor(vec4(Of[r][d]), s))" "O_TYPEV4(subgroupShuffleXor(vec4(Of[r][d]), s))"
        "Of[r][d] *= FLOAT_TYPE(" "Of[r][d] *= O_TYPE("
        "-FLOAT_TYPE_MAX, FLOAT_TYPE_MAX" "O_TYPE(-FLOAT_TYPE_MAX), O_TYPE(FLOAT_TYPE_MAX)"
        "shared FLOAT_TYPEV4 tmpshv4" "shared O_TYPEV4 tmpshv4")
    longembed_patch("${source}/ggml" "${copy}" ${shaders}/flash_attn_cm1.comp
        "-FLOAT_TYPE_MAX, FLOAT_TYPE_MAX" "O_TYPE(-FLOAT_TYPE_MAX), O_TYPE(FLOAT_TYPE_MAX)")
    # … and take the memory that it needs
    longembed_patch("${source}/ggml" "${copy}" src/ggml-vulkan/ggml-vulkan.cpp
        "tmpshv4 = wg_size * 4 * float_type_size" "tmpshv4 = wg_size * 4 * sizeof(float)"
        "(k_type == GGML_TYPE_BF16) ? 16u : f16vec4" "(f32acc || k_type == GGML_TYPE_BF16) ? 16u : f16vec4")
    set(${result} "${copy}" PARENT_SCOPE)
endfunction()

# Writes `to`/`file` as `from`/`file` with texts replaced: pairs of what is there and what comes in its place.
function (longembed_patch from to file)
    file(READ "${from}/${file}" text)
    set(pairs ${ARGN})
    while (pairs)
        list(POP_FRONT pairs old new)
        string(FIND "${text}" "${old}" place)
        if (place EQUAL -1)
            message(FATAL_ERROR "${file} of llama.cpp has no “${old}”, which cmake/patched-ggml.cmake is to replace")
        endif()
        string(REPLACE "${old}" "${new}" text "${text}")
    endwhile()
    set(before "")
    if (EXISTS "${to}/${file}")
        file(READ "${to}/${file}" before)
    endif()
    if (NOT before STREQUAL text)
        file(WRITE "${to}/${file}" "${text}")
    endif()
endfunction()
