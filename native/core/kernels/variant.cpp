// All kernels for one instruction set. cmake/kernels.cmake compiles this file once for each, and defines
// LONGEMBED_VECTOR_FLOATS (see simd.h), LONGEMBED_VARIANT (the name of the function below), and for BF16
// LONGEMBED_BF16.

#include "cpu_kernels.h"

#include "attention_body.h"
#include "code_dot_body.h"
#include "convert_body.h"
#include "dot_body.h"
#include "gemm_body.h"

// after those whose functions it uses
#include "gradient_body.h"

namespace longembed {

CpuKernels LONGEMBED_VARIANT();

CpuKernels LONGEMBED_VARIANT() {
    CpuKernels kernels;
    kernels.attention   = attention;
    kernels.gemm        = gemm;
    kernels.f16_to_f32  = f16_to_f32;
    kernels.bf16_to_f32 = bf16_to_f32;
    kernels.dot         = dot;
    kernels.code_dot    = code_dot;
    kernels.gradient    = gradient_kernels();
    kernels.pack_factor = pack_factor;
    return kernels;
}

} // namespace longembed
