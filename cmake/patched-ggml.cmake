# ggml with its sums on GPUs mended: the build's copy, as LONGEMBED_LLAMA_DIR is not ours to change.
#
# Flash attention, in Vulkan's three kernels and CUDA's for tensor cores, adds up values in halves, whatever precision it is
# asked for: the error of what a token attends to grows with the square root of the keys, to 1.3e-2 at 32,768
# (docs/gpu.md). So do products with weights. In the copy, floats are added: in Vulkan's attention where GGML_PREC_F32 is
# asked for, elsewhere always.

set(shaders src/ggml-vulkan/vulkan-shaders)
set(vulkan_patched
    src/ggml-vulkan/ggml-vulkan.cpp
    ${shaders}/flash_attn.comp ${shaders}/flash_attn_base.glsl ${shaders}/flash_attn_cm1.comp)
set(mma src/ggml-cuda/fattn-mma-f16.cuh)
set(fattn src/ggml-cuda/fattn.cu)
set(products src/ggml-cuda/ggml-cuda.cu)
set(quantized src/ggml-cuda/mmq.cu)
set(cuda_lists src/ggml-cuda/CMakeLists.txt)
set(cuda_patched ${mma} ${fattn} ${products} ${quantized} ${cuda_lists})

# Sets `result` to a copy of `source`/ggml in the build folder.
function (longembed_patch_ggml source result)
    set(copy "${CMAKE_BINARY_DIR}/ggml-patched/ggml")
    set(patched ${vulkan_patched} ${cuda_patched})

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
    if (GGML_VULKAN)
        longembed_patch_vulkan("${source}/ggml" "${copy}")
    endif()
    if (GGML_CUDA)
        longembed_patch_cuda("${source}/ggml" "${copy}")
    endif()
    set(${result} "${copy}" PARENT_SCOPE)
endfunction()

function (longembed_patch_vulkan from to)
    # the sums are of the type that was asked for …
    longembed_patch("${from}" "${to}" ${shaders}/flash_attn_base.glsl
        "#define O_TYPE FLOAT_TYPE\n#define O_TYPEV4 FLOAT_TYPEV4"
        "#define O_TYPE ACC_TYPE\n#define O_TYPEV4 ACC_TYPEV4")
    longembed_patch("${from}" "${to}" ${shaders}/flash_attn.comp
        "FLOAT_TYPEV4 Of[rows_per_thread]" "O_TYPEV4 Of[rows_per_thread]"
        "Of[r][d] = FLOAT_TYPEV4(0.0)" "Of[r][d] = O_TYPEV4(0.0)"
        "Of[r][d] = FLOAT_TYPE(eMf[r])" "Of[r][d] = O_TYPE(eMf[r])"
        "Of[r][d] = FLOAT_TYPE(eMf)" "Of[r][d] = O_TYPE(eMf)"
        "Of[r][d] += FLOAT_TYPEV4(Pf[r] * Vf)" "Of[r][d] += O_TYPE(Pf[r]) * O_TYPEV4(Vf)"
        "FLOAT_TYPEV4(subgroupShuffleXor(vec4(Of[r][d]), s))" "O_TYPEV4(subgroupShuffleXor(vec4(Of[r][d]), s))"
        "Of[r][d] *= FLOAT_TYPE(" "Of[r][d] *= O_TYPE("
        "-FLOAT_TYPE_MAX, FLOAT_TYPE_MAX" "O_TYPE(-FLOAT_TYPE_MAX), O_TYPE(FLOAT_TYPE_MAX)"
        "shared FLOAT_TYPEV4 tmpshv4" "shared O_TYPEV4 tmpshv4")
    longembed_patch("${from}" "${to}" ${shaders}/flash_attn_cm1.comp
        "-FLOAT_TYPE_MAX, FLOAT_TYPE_MAX" "O_TYPE(-FLOAT_TYPE_MAX), O_TYPE(FLOAT_TYPE_MAX)")
    # … and take the memory that it needs
    longembed_patch("${from}" "${to}" src/ggml-vulkan/ggml-vulkan.cpp
        "tmpshv4 = wg_size * 4 * float_type_size" "tmpshv4 = wg_size * 4 * sizeof(float)"
        "(k_type == GGML_TYPE_BF16) ? 16u : f16vec4" "(f32acc || k_type == GGML_TYPE_BF16) ? 16u : f16vec4"
        # products with weights have no precision that their graph could ask for: sums in floats, always
        "    if (src0_type == GGML_TYPE_F32 || src0_type == GGML_TYPE_BF16) return false;\n    if (src1_type == GGML_TYPE_Q8_1) return false;"
        "    if (prec == GGML_PREC_DEFAULT || src0_type == GGML_TYPE_F32 || src0_type == GGML_TYPE_BF16) return false;\n    if (src1_type == GGML_TYPE_Q8_1) return false;")
endfunction()

function (longembed_patch_cuda from to)
    # sums of values in floats until all keys have been seen, then their means in halves, so that no sum overflows one.
    # Queries are scaled in floats as well: half a scale is off by up to 2.4e-4, in the same direction for every score.
    longembed_patch("${from}" "${to}" ${mma}
        [[        if constexpr (cols_per_warp == 8) {
            const half2 KQ_max_scale_h2]]
        [[        if constexpr (std::is_same_v<decltype(T_C_VKQ::x), float[T_C_VKQ::ne]>) {
#pragma unroll
            for (int i = 0; i < DV/16; ++i) {
#pragma unroll
                for (int l = 0; l < T_C_VKQ::ne; ++l) {
                    VKQ_C[i].x[l] *= KQ_max_scale[cols_per_warp == 8 ? l % 2 : l/2 % 2];
                }
            }
        } else if constexpr (cols_per_warp == 8) {
            const half2 KQ_max_scale_h2]]
        [[    using     T_C_VKQ   = typename mma_tile_sizes<DKQ, ncols>::T_C_VKQ;
]]
        [[    using     T_C_VKQ   = typename mma_tile_sizes<DKQ, ncols>::T_C_VKQ;
#if defined(TURING_MMA_AVAILABLE)
    using     T_C_SUM   = tile<16, 2*T_C_VKQ::J, float>;
#else
    using     T_C_SUM   = T_C_VKQ;
#endif
]]
        "    T_C_VKQ VKQ_C[cols_per_warp == 8 ? DV/T_C_VKQ::I : DV/(2*T_C_VKQ::J)];"
        "    T_C_SUM VKQ_S[DV/16];"
        [[    float KQ_rowsum[cols_per_thread] = {0.0f};
]]
        [[#if !defined(TURING_MMA_AVAILABLE)
    auto & VKQ_S = VKQ_C;
#endif
    float KQ_rowsum[cols_per_thread] = {0.0f};
]]
        "T_A_VKQ, T_B_VKQ, T_C_VKQ>\n" "T_A_VKQ, T_B_VKQ, T_C_SUM>\n"
        "tile_mask, Q_B, VKQ_C," "tile_mask, Q_B, VKQ_S,"
        "    // If attention sinks are used, potentially"
        [[#if defined(TURING_MMA_AVAILABLE)
    T_C_VKQ VKQ_C[DV/16];
    {
        float to_mean[cols_per_thread];
#pragma unroll
        for (int col = 0; col < cols_per_thread; ++col) {
            to_mean[col] = 1.0f;
            if (KQ_rowsum[col] > 0.0f) {
                to_mean[col] = 1.0f/KQ_rowsum[col];
                KQ_max[col] += logf(KQ_rowsum[col]);
                KQ_rowsum[col] = 1.0f;
            }
        }
#pragma unroll
        for (int i = 0; i < DV/16; ++i) {
#pragma unroll
            for (int l = 0; l < T_C_SUM::ne; ++l) {
                VKQ_S[i].x[l] *= to_mean[cols_per_warp == 8 ? l % 2 : l/2 % 2];
            }
            VKQ_C[i] = get_half2(VKQ_S[i]);
        }
    }
#endif

    // If attention sinks are used, potentially]]
        "scale_h2 * make_half2(tmp.x, tmp.y)" "make_half2(scale * tmp.x, scale * tmp.y)"
        [[    GGML_CUDA_FATTN_MMA_CONFIG_CASE(256, 256,  8, 128, 2,  64, 128, 128, 128, 2, true);
    GGML_CUDA_FATTN_MMA_CONFIG_CASE(256, 256, 16, 256, 1,]]
        [[    GGML_CUDA_FATTN_MMA_CONFIG_CASE(256, 128,  8, 128, 2,  64, 128,  64,  64, 2, true);
    GGML_CUDA_FATTN_MMA_CONFIG_CASE(256, 128, 16, 256, 1,  64, 128,  64,  64, 2, true);
    GGML_CUDA_FATTN_MMA_CONFIG_CASE(256, 128, 32, 128, 2,  32, 128,  64,  64, 2, true);
    GGML_CUDA_FATTN_MMA_CONFIG_CASE(256, 128, 64, 128, 2,  32, 128,  64,  64, 2, true);
    GGML_CUDA_FATTN_MMA_CONFIG_CASE(256, 256,  8, 128, 2,  64, 128, 128, 128, 2, true);
    GGML_CUDA_FATTN_MMA_CONFIG_CASE(256, 256, 16, 256, 1,]])

    # flash attention for keys of 256 and values of 128, which are self-extend's of a model with heads of 128
    longembed_patch("${from}" "${to}" ${fattn}
        [[        case 112:
        case 256:
            if (V->ne[0] != K->ne[0]) {]]
        [[        case 112:
        case 256:
            if (V->ne[0] != K->ne[0] && !(K->ne[0] == 256 && V->ne[0] == 128 && turing_mma_available(cc))) {]]
        "Q->ne[0] != 192 && K->ne[1] % FATTN_KQ_STRIDE == 0"
        "Q->ne[0] == V->ne[0] && K->ne[1] % FATTN_KQ_STRIDE == 0"
        "            GGML_ASSERT(V->ne[0] == 256);\n            ggml_cuda_flash_attn_ext_mma_f16_switch_ncols2<256, 256>(ctx, dst);"
        [[            if (V->ne[0] == 128) {
                ggml_cuda_flash_attn_ext_mma_f16_switch_ncols2<256, 128>(ctx, dst);
                break;
            }
            GGML_ASSERT(V->ne[0] == 256);
            ggml_cuda_flash_attn_ext_mma_f16_switch_ncols2<256, 256>(ctx, dst);]]
        # on Hopper our own kernel, where it suits: native/cuda
        [[void ggml_cuda_flash_attn_ext(ggml_backend_cuda_context & ctx, ggml_tensor * dst) {
    ggml_cuda_set_device(ctx.device);
]]
        [[#include "attention/flash_params.h"
#include "fused_operations.cuh"

void ggml_cuda_flash_attn_ext(ggml_backend_cuda_context & ctx, ggml_tensor * dst) {
    ggml_cuda_set_device(ctx.device);
    if (longembed_flash_attention_hopper(ctx, dst, /*halves*/ false)) {
        return;
    }
    GGML_ASSERT(ggml_get_op_params_i32(dst, longembed::causal_op_param) == 0 && "no mask hides later keys");
]])
    set(cases "#include \"../fattn-mma-f16.cuh\"\n")
    foreach (columns 8 16 32 64)
        foreach (heads 1 2 4 8)
            math(EXPR queries "${columns} / ${heads}")
            string(APPEND cases "DECL_FATTN_MMA_F16_CASE(256, 128, ${queries}, ${heads});\n")
        endforeach()
    endforeach()
    longembed_write_changed("${to}/src/ggml-cuda/template-instances/fattn-mma-f16-instance-256-128.cu" "${cases}")

    # products with weights in halves are added up in floats, which tensor cores do as fast on data-centre GPUs
    longembed_patch("${from}" "${to}" ${products}
        "prefer_f32_output = cc == GGML_CUDA_CC_VOLTA || GGML_CUDA_CC_IS_RDNA4(cc) || GGML_CUDA_CC_IS_CDNA(cc)"
        "prefer_f32_output = true"
        # native/cuda: operations that are computed together
        "static int ggml_cuda_try_fuse(ggml_backend_cuda_context * cuda_ctx, ggml_cgraph * cgraph, int i) {\n"
        [[#include "attention/flash_params.h"
#include "fused_operations.cuh"

static int ggml_cuda_try_fuse(ggml_backend_cuda_context * cuda_ctx, ggml_cgraph * cgraph, int i) {
]]
        "    if (copy_event != nullptr) {\n        CUDA_CHECK(cudaEventDestroy(copy_event));"
        [[    longembed::free_unpacked_weights(this);
    if (copy_event != nullptr) {
        CUDA_CHECK(cudaEventDestroy(copy_event));]]
        "ggml_backend_cuda_context::~ggml_backend_cuda_context() {\n"
        [[#include "unpacked_weights.cuh"

ggml_backend_cuda_context::~ggml_backend_cuda_context() {
]]
        "                int nodes_to_skip = ggml_cuda_try_fuse(cuda_ctx, cgraph, i);"
        [[                if (const int computed = longembed_compute_fused(*cuda_ctx, cgraph, i); computed > 0) {
                    i += computed - 1;
                    continue;
                }
                int nodes_to_skip = ggml_cuda_try_fuse(cuda_ctx, cgraph, i);]]
        "        case GGML_OP_FLASH_ATTN_EXT:\n            return ggml_cuda_flash_attn_ext_supported(dev_ctx->device, op);"
        [[        case GGML_OP_FLASH_ATTN_EXT:
            return ggml_get_op_params_i32(op, longembed::causal_op_param) == 0
                       ? ggml_cuda_flash_attn_ext_supported(dev_ctx->device, op)
                       : longembed_attends_causally(dev_ctx->device, op);]])

    # Quantized weights: data-centre GPUs (Ampere 80, Hopper 90, Blackwell 100 and 103) multiply halves so fast that
    # unpacking the weights first pays from some tens of columns on: E5-Mistral's shape in Q4_K_M at 32k on an H100 takes
    # 2.7 s in place of 4.4. And activations are rounded to 11 bits, not to 8.
    longembed_patch("${from}" "${to}" ${quantized}
        "    if (turing_mma_available(cc)) {\n        return true;\n    }"
        [[    if (turing_mma_available(cc)) {
        const int  capability  = cc/10;
        const bool data_centre = capability == 80 || capability == 90 || capability == 100 || capability == 103;
        return n_experts > 0 || !data_centre || ne11 < 64;
    }]])

    # native/cuda: its instructions are no part of an architecture but of one target, for which nothing else is compiled
    longembed_patch("${from}" "${to}" ${cuda_lists}
        [[    target_compile_options(ggml-cuda PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:${CUDA_FLAGS}>")
]]
        [[    target_compile_options(ggml-cuda PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:${CUDA_FLAGS}>")

    target_sources(ggml-cuda PRIVATE "${longembed_SOURCE_DIR}/native/cuda/fused_operations.cu"
                                     "${longembed_SOURCE_DIR}/native/cuda/unpacked_weights.cu")
    set_source_files_properties(ggml-cuda.cu fattn.cu
        "${longembed_SOURCE_DIR}/native/cuda/fused_operations.cu" "${longembed_SOURCE_DIR}/native/cuda/unpacked_weights.cu"
        PROPERTIES INCLUDE_DIRECTORIES
        "${longembed_SOURCE_DIR}/native/cuda;${longembed_SOURCE_DIR}/native/core;${CMAKE_CURRENT_SOURCE_DIR}")
    add_library(longembed-hopper OBJECT "${longembed_SOURCE_DIR}/native/cuda/flash_attention_hopper.cu")
    target_compile_options(longembed-hopper PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:${CUDA_FLAGS}>")
    target_include_directories(longembed-hopper PRIVATE
        . .. ../../include "${longembed_SOURCE_DIR}/native/cuda" "${longembed_SOURCE_DIR}/native/core")
    set_target_properties(longembed-hopper PROPERTIES POSITION_INDEPENDENT_CODE ON)
    if (CMAKE_CUDA_ARCHITECTURES MATCHES "90" AND CMAKE_CUDA_COMPILER_VERSION VERSION_GREATER_EQUAL 12.0)
        set_target_properties(longembed-hopper PROPERTIES CUDA_ARCHITECTURES 90a-real)
        target_compile_definitions(longembed-hopper PRIVATE LONGEMBED_HAS_HOPPER)
    endif()
    target_sources(ggml-cuda PRIVATE $<TARGET_OBJECTS:longembed-hopper>)
]])
endfunction()

# Writes `to`/`file` as `from`/`file` with texts replaced: pairs of what is there and what comes in its place.
function (longembed_patch from to file)
    file(READ "${from}/${file}" text)
    set(next 3)
    while (next LESS ARGC)
        # one by one: in a list, semicolons would separate
        set(old "${ARGV${next}}")
        math(EXPR next "${next} + 1")
        set(new "${ARGV${next}}")
        math(EXPR next "${next} + 1")
        string(FIND "${text}" "${old}" place)
        if (place EQUAL -1)
            message(FATAL_ERROR "${file} of llama.cpp has no “${old}”, which cmake/patched-ggml.cmake is to replace")
        endif()
        string(REPLACE "${old}" "${new}" text "${text}")
    endwhile()
    longembed_write_changed("${to}/${file}" "${text}")
endfunction()

# What has not changed keeps its time.
function (longembed_write_changed path text)
    set(before "")
    if (EXISTS "${path}")
        file(READ "${path}" before)
    endif()
    if (NOT before STREQUAL text)
        file(WRITE "${path}" "${text}")
    endif()
endfunction()
