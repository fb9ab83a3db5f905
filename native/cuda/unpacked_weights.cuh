// Weights that products read as halves, kept for the next blocks of tokens.
#pragma once

#include "common.cuh"

namespace longembed {

// The weights as halves, one row after the other, made from those of a quantized tensor in the context's stream.
// Where they are kept, the next product with the same tensor finds them; where not, they are in `scratch`.
const half * unpacked_weights(ggml_backend_cuda_context & ctx, const ggml_tensor * weights,
                              ggml_cuda_pool_alloc<half> & scratch);

// Frees what is kept for a context, whose stream has nothing left to do.
void free_unpacked_weights(const ggml_backend_cuda_context * ctx);

} // namespace longembed
