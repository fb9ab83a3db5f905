// All kernels for one instruction set. The including file says how many floats its vectors have (LONGEMBED_VECTOR_FLOATS) and
// what the function that gives its kernels is called (LONGEMBED_KERNELS).

#include "attention_kernel_body.h"
#include "cpu_kernels.h"
#include "dot_kernel_body.h"
#include "halves_kernel_body.h"
#include "peak_kernel_body.h"
#include "product_kernel_body.h"

namespace longembed {

CpuKernels LONGEMBED_KERNELS() {
    return {attention, product, halves, bfloats, dot, numbers_per_item, peak, peak_operations};
}

} // namespace longembed
