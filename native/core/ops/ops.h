#pragma once

#include "ggml.h"
#include "graph_context.h"
#include "weights.h"

namespace longembed {

/// weight · x + bias; x is [in, n], the result [out, n]
ggml_tensor * linear(const GraphContext & ctx, const Linear & layer, ggml_tensor * x);

/// to + weight · x + bias
ggml_tensor * add_linear(const GraphContext & ctx, const Linear & layer, ggml_tensor * x, ggml_tensor * to);

/// The same, by ggml's operations in the memory of `to`, which nothing else may read any more.
ggml_tensor * accumulate_linear(const GraphContext & ctx, const Linear & layer, ggml_tensor * x, ggml_tensor * to);

/// (x − mean) / sqrt(variance + eps) · weight + bias, a row (token) at a time
ggml_tensor * layer_norm(const GraphContext & ctx, const Norm & norm, ggml_tensor * x, float eps);

/// x / sqrt(mean(x²) + eps) · weight, a row (token) at a time
ggml_tensor * rms_norm(const GraphContext & ctx, const Norm & norm, ggml_tensor * x, float eps);

/// What the feed-forward part makes of x.
ggml_tensor * feed_forward(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x);

/// to + what the feed-forward part makes of x
ggml_tensor * add_feed_forward(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x, ggml_tensor * to);

/// The same, by ggml's operations in the memory of `to`, which nothing else may read any more.
ggml_tensor * accumulate_feed_forward(const GraphContext & ctx, const FeedForward & part, ggml_tensor * x,
                                      ggml_tensor * to);

/// to + what a mixture of experts makes of x
ggml_tensor * add_experts(const GraphContext & ctx, const Experts & experts, ggml_tensor * x, ggml_tensor * to);

} // namespace longembed
