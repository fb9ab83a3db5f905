#if defined(__GNUC__) && defined(__x86_64__)
#define LONGEMBED_VECTOR_FLOATS 16
#define LONGEMBED_BF16
#define LONGEMBED_KERNELS kernels_avx512bf16
#include "variant.h"
#endif
