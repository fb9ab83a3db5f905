#if defined(__GNUC__)
#define LONGEMBED_VECTOR_FLOATS 4
#define LONGEMBED_KERNELS kernels_portable
#include "variant.h"
#endif
