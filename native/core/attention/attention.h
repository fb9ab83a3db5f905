#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "architectures/architecture.h"
#include "graph/workspace_size.h"
#include "kernels/cpu_kernels.h"

namespace longembed {

class StepGraph;
struct Layout;

/// Keys [head size, kv heads, n], rotated to their tokens' positions and, for self-extend, to those of their groups.
struct RotatedKeys {
    ggml_tensor * near      = nullptr;
    ggml_tensor * far       = nullptr; ///< null without self-extend
    ggml_tensor * far_after = nullptr; ///< SelfExtendPositions::keys_after; null where Attention does not read them
};

/// Queries [head size, heads, n] in up to three rotations; SelfExtendPositions says which.
struct RotatedQueries {
    ggml_tensor * near   = nullptr;
    ggml_tensor * before = nullptr; ///< for keys far before the query; null without self-extend
    ggml_tensor * after  = nullptr; ///< for keys far after it; null for causal models, too
};

/// Queries of `count` neighbouring sequences of the same length, or of a part of one long sequence, and what they
/// attend to.
struct AttentionRun {
    int64_t column;       ///< of the first query, in the queries and in `heads`
    int64_t first_index;  ///< of the first query, in its sequence
    int64_t queries;      ///< of each sequence
    int64_t first_key;    ///< of the first sequence, in packed order
    int64_t keys;         ///< of each sequence: all its tokens
    int64_t count;        ///< sequences
    float   logit_factor; ///< on the logits of all these queries, beside the model's own
};

/// The first key that some of a run's queries see, and the one after the last.
struct KeyRange {
    int64_t begin;
    int64_t end;
};

/// Keys that `queries` queries from `first_index` on see, of the `keys` that their sequence has.
KeyRange seen_keys(const AttentionShape & shape, int64_t first_index, int64_t queries, int64_t keys);

/// Where and with what an engine computes attention.
struct AttentionDevice {
    CpuKernels kernels; ///< null ones: ggml's operations instead
    bool       is_cpu;
    int64_t    flash_head_size;   ///< see Streams::flash_head_size
    size_t     max_operand_bytes; ///< see Streams::max_operand_bytes

    /// Sizes of the heads of FlashSelfExtend's keys and values; 0: self-extend is composed of other operations.
    int64_t doubled_key_size;
    int64_t doubled_value_size;

    /// Whether flash attention can hide later keys without a mask: flash_params.h.
    bool hides_later_keys;

    /// Queries whose mask of `columns` keys is worth one operation: at most `block`, and on a GPU as many as keep the
    /// mask small beside keys and values, and within what the device reads at once.
    int64_t queries_per_mask(int64_t columns, int64_t block) const;

    /// Key-value heads that an operation takes at once, of `heads` that lie `head_bytes` apart and have `bytes` each.
    /// @throws Error ERR_OUT_OF_MEMORY when the device cannot read even one
    int64_t kv_heads_at_once(int64_t heads, size_t head_bytes, size_t bytes) const;

    /// Of keys and values for ggml's operations: GPU flash attention takes halves; on the CPU full floats cost nothing
    /// and keep vectors exact.
    ggml_type kv_type() const { return is_cpu ? GGML_TYPE_F32 : GGML_TYPE_F16; }
};

/// One way to compute attention: the keys and values of all tokens of a workspace, in the form that it reads, and what
/// else it keeps from block to block.
///
/// Each sequence attends to itself alone: no padding and no mask between sequences. Causality follows the token's
/// index, never its position. No implementation makes anything n × n.
class Attention {
public:
    virtual ~Attention() = default;

    /// Fills masks, once the tensors have memory.
    virtual void fill_masks() {}

    /// Announces the sequences of the graphs that come next.
    virtual void lay_out(const Layout & /*layout*/) {}

    /// Whether it reads RotatedKeys::far_after.
    virtual bool reads_far_after() const { return false; }

    /// Adds to the graph that keys and values [head size, kv heads, n] of packed tokens `first` … are stored.
    virtual void store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const = 0;

    /// Adds to the graph that `heads` [head size · heads, n] gets what all runs' queries attend to.
    /// @param stream  the number of the stream whose graph it is
    /// @param shape   of the layer; it must outlive the graph
    virtual void attend(StepGraph & steps, int stream, const AttentionShape & shape, const RotatedQueries & queries,
                        const std::vector<AttentionRun> & runs, ggml_tensor * heads) const = 0;

    /// What a run's queries attend to, [head size · heads, n], where one operation makes it; else null.
    virtual ggml_tensor * attend_at_once(StepGraph & /*steps*/, const AttentionShape & /*shape*/,
                                         const RotatedQueries & /*queries*/, const AttentionRun & /*run*/) const {
        return nullptr;
    }

    /// Pooled tokens that attend at once: each may need operations of its own, and a graph holds only so many.
    virtual int64_t max_rows_per_step() const { return 256; }
};

/// What blocks and sequences must begin at multiples of.
struct AttentionAlignment {
    int64_t block;
    int64_t sequence;
};
AttentionAlignment attention_alignment(const AttentionDevice & device, bool self_extend);

/// Our own kernel where there is one, else ggml's flash attention; for self-extend the same over doubled heads, or
/// composed of other operations where the device has no flash attention for those.
/// @param ctx  where its tensors are declared, without memory
std::unique_ptr<Attention> make_attention(ggml_context * ctx, const AttentionDevice & device,
                                          const Architecture & architecture, const WorkspaceSize & size);

} // namespace longembed
