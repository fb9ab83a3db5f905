// All kernels for one instruction set. cmake/kernels.cmake compiles this file once for each, and defines
// LONGEMBED_VECTOR_FLOATS (see simd.h), LONGEMBED_VARIANT (the name of the function below), for BF16 LONGEMBED_BF16,
// and for AMX LONGEMBED_TILE_PRODUCTS (tile_gemm_body.h).

#include "cpu_kernels.h"

#include "attention_body.h"
#include "code_dot_body.h"
#include "convert_body.h"
#include "dot_body.h"
#include "gemm_body.h"
#include "norm_body.h"

// after those whose functions it uses
#include "gradient_body.h"

#if defined(LONGEMBED_TILE_PRODUCTS)
#include "tile_attention_body.h"
#include "tile_gemm_body.h"
#endif

namespace longembed {

namespace {

int64_t scratch_of_gemm(int64_t tokens, int64_t k) {
    return gemm_scratch(tokens, k, pack_factor);
}

} // namespace

CpuKernels LONGEMBED_VARIANT();

CpuKernels LONGEMBED_VARIANT() {
    CpuKernels kernels;
    kernels.attention    = attention;
    kernels.gemm         = gemm;
    kernels.gemm_scratch = scratch_of_gemm;
    kernels.f16_to_f32   = f16_to_f32;
    kernels.bf16_to_f32  = bf16_to_f32;
    kernels.norm         = norm;
    kernels.dot          = dot;
    kernels.code_dot     = code_dot;
    kernels.gradient     = gradient_kernels();
    kernels.pack_factor  = pack_factor;
    kernels.output_unit  = nr;
    kernels.token_unit   = 2 * mr;
    if (pack_factor == 1) {
        kernels.panel      = nr;
        kernels.pack_panel = pack_panel;
    }
#if defined(LONGEMBED_TILE_PRODUCTS)
    kernels.gemm            = tile_gemm;
    kernels.gemm_scratch    = tile_gemm_scratch;
    kernels.panel           = 0;
    kernels.pack_panel      = nullptr;
    kernels.weight_cost     = tile_weight_cost;
    kernels.input_cost      = tile_input_cost;
    kernels.output_unit     = panel_outputs;
    kernels.token_unit      = pair_tokens;
    kernels.term_error      = tile_term_error;
    kernels.split_attention = {split_attention,    split_attention_scratch, split_key_floats,
                               split_value_floats, pack_split_key,          pack_split_value};
#endif
    return kernels;
}

} // namespace longembed
