#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "architectures/architecture.h"
#include "graph/layout.h"
#include "graph/workspace.h"

namespace longembed {

/// Builds attention over the keys and values of a workspace, within one ggml graph.
///
/// Each sequence attends to itself alone: no padding and no mask between sequences. Causality follows the token's index,
/// never its position. Nothing n × n is made: scores stay inside ggml's flash attention, and a causal mask is as wide as
/// the keys and as high as the queries of one step.
class Attention {
public:
    Attention(const AttentionShape & shape, const Workspace & workspace) : shape_(shape), workspace_(workspace) {}

    /// What a segment's queries gather.
    /// @param queries  [head size, heads, n], rotated: those of the block or row block the segment is in
    /// @param offset   the segment's first query in `queries`
    /// @param first_index  the index of the first query in its own sequence
    /// @param logit_factor on the logits of all these queries, beside the model's own
    /// @return [head size, heads, segment.queries · segment.count]; not in one piece where heads are padded
    ggml_tensor * gather(ggml_context * ctx, ggml_tensor * queries, int64_t offset, const Segment & segment, int64_t first_index,
                         float logit_factor);

    /// Keys that a causal mask hides after those of a sequence's last query, so that their number is a multiple of this: CUDA's
    /// flash attention then computes the heads that share keys together, and reads the mask faster.
    static constexpr int64_t key_padding = 256;

    /// To be called when the graph that the masks are part of has run.
    void forget_masks() { masks_.clear(); }

    /// Queries of one long sequence that are worth one operation on a CPU: few enough that an abort is noticed soon.
    static int64_t queries_per_step(const AttentionShape & shape, int64_t keys, int64_t most);

private:
    ggml_tensor * causal_mask(ggml_context * ctx, int64_t first_index, int64_t queries, int64_t keys);

    const AttentionShape & shape_;
    const Workspace &      workspace_;

    /// layers of one graph share their masks: (first index, queries, keys) -> mask
    std::map<std::array<int64_t, 3>, ggml_tensor *> masks_;
};

} // namespace longembed
