#if defined(__GNUC__) && defined(__x86_64__)
#define LONGEMBED_VECTOR_FLOATS 16
#define LONGEMBED_KERNEL_NAME attention_avx512
#include "attention_kernel_body.h"
#endif
