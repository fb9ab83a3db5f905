#if defined(__GNUC__) && defined(__x86_64__)
#define LONGEMBED_VECTOR_FLOATS 16
#define LONGEMBED_VARIANT(name) name##_avx512
#include "attention_kernel_body.h"
#include "dot_kernel_body.h"
#include "gelu_kernel_body.h"
#endif
