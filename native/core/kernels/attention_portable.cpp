#if defined(__GNUC__) 
#define LONGEMBED_VECTOR_FLOATS 4
#define LONGEMBED_KERNEL_NAME attention_portable
#include "attention_kernel_body.h"
#endif
