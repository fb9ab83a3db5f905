#if defined(__GNUC__)
#define LONGEMBED_VECTOR_FLOATS 4
#define LONGEMBED_VARIANT(name) name##_portable
#include "attention_kernel_body.h"
#include "dot_kernel_body.h"
#include "gelu_kernel_body.h"
#endif
