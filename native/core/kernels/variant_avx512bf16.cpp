#if defined(LONGEMBED_AVX512BF16)
#define LONGEMBED_VECTOR_FLOATS 16
#define LONGEMBED_BF16
#define LONGEMBED_KERNELS kernels_avx512bf16
#include "variant.h"
#endif
