// Operations of a graph that are computed together, or whose results are kept as halves, on NVIDIA's GPUs. What follows
// is the same as ggml's, in fewer passes through memory.
#pragma once

#include "common.cuh"

// Computes node i of the graph, with those after it where they belong together.
// @return how many nodes were computed; 0: ggml's operations are to compute it
int longembed_compute_fused(ggml_backend_cuda_context & ctx, ggml_cgraph * graph, int i);

// Flash attention for Hopper: flash_attention_hopper.cu.
// @param halves  the result is written as halves, at the beginning of dst's memory
// @return whether it has computed the operation; where not, ggml's kernels are to
bool longembed_flash_attention_hopper(ggml_backend_cuda_context & ctx, ggml_tensor * dst, bool halves);

// Whether that kernel computes attention whose queries see no later keys without a mask:
// native/core/attention/flash_params.h.
bool longembed_attends_causally(int device, const ggml_tensor * attention);
