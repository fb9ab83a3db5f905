#if defined(__GNUC__) && defined(__x86_64__)
#define LONGEMBED_VECTOR_FLOATS 8
#define LONGEMBED_KERNELS kernels_avx2
#include "variant.h"
#endif
