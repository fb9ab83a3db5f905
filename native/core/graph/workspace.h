#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "architectures/architecture.h"
#include "attention/attention.h"
#include "ggml-cpp.h"
#include "packed_batch.h"
#include "workspace_size.h"

namespace longembed {

/// What queries are rotated to and scaled by.
struct QueryTensors {
    RopePositions positions;
    RopePositions indices;               ///< in their sequence; null without sliding windows
    RopePositions before;                ///< SelfExtendPositions::queries_before; null without self-extend
    RopePositions after;                 ///< SelfExtendPositions::queries_after; null for causal models, too
    ggml_tensor * logit_scale = nullptr; ///< [1, 1, n]

    /// Entries first … first + count − 1.
    QueryTensors slice(ggml_context * ctx, int64_t first, int64_t count) const;

    /// The same as copies: an operation on a GPU may ignore that a part begins where nothing is aligned (docs/gpu.md).
    QueryTensors copy(ggml_context * ctx, int64_t first, int64_t count) const;
};

/// With cls or last pooling: the one token of each sequence that the last layer computes.
struct PooledRows {
    ggml_tensor * ids = nullptr; ///< [rows] I32, in packed order
    QueryTensors  queries;
    ggml_tensor * vectors = nullptr; ///< [the model's dimensions, rows]
};

/// The tensors that live through a whole call: a few rows a token, so memory grows in proportion to length. They are
/// kept between calls and made anew when a call needs more.
class Workspace {
public:
    enum class Memory {
        allocated,
        dry_run, ///< none: graphs over such a workspace can be measured, not run
    };

    /// @param where  buffers of the device that computes
    /// @throws Error ERR_OUT_OF_MEMORY
    Workspace(const WorkspaceSize & size, const Architecture & architecture, int64_t dimensions,
              const AttentionDevice & device, ggml_backend_buffer_type_t where, Memory memory = Memory::allocated);

    const WorkspaceSize & size() const { return size_; }
    const Attention &     attention() const { return *attention_; }

    /// Announces the sequences of the graphs that come next.
    void lay_out(const Layout & layout) { attention_->lay_out(layout); }

    /// Of memory that it takes, or would take.
    size_t bytes() const { return bytes_; }

    /// Brings a batch's tokens, positions, factors and rows to the device.
    void upload(const PackedBatch & batch);

    ggml_tensor * x = nullptr; ///< [dimensions, tokens] the layer's input, overwritten by its output block by block
    std::vector<ggml_tensor *> heads; ///< of each stream: [head size · heads, block] what attention gives its block

    ggml_tensor *     tokens = nullptr;        ///< [tokens] I32
    AbsolutePositions positions;               ///< of tokens; upper and fraction only with between_rows
    QueryTensors      queries;                 ///< of all tokens
    RopePositions     far_key_positions;       ///< SelfExtendPositions::keys; null without self-extend
    RopePositions     far_key_positions_after; ///< keys_after; null where attention does not read them

    RopeDivisors divisors;
    RopeDivisors sliding_divisors; ///< of layers that slide

    std::optional<PooledRows> rows;

    /// What a head makes vectors of, a few at a time, and the vectors; null without a head.
    ggml_tensor * pooled  = nullptr; ///< [dimensions, max_pooled]
    ggml_tensor * vectors = nullptr; ///< [the model's dimensions, max_pooled]

    static constexpr int64_t max_pooled = 64;

private:
    QueryTensors  new_queries(int64_t n, const Architecture & architecture) const;
    RopePositions new_positions(int64_t n) const;
    void          check_fits_in_buffers(ggml_backend_buffer_type_t where, size_t max_operand_bytes) const;
    void          dry_run(ggml_backend_buffer_type_t where);
    void          allocate(ggml_backend_buffer_type_t where);

    WorkspaceSize              size_;
    bool                       ggml_rotates_; ///< instead of our own kernel
    ggml_context_ptr           ctx_;
    ggml_backend_buffer_ptr    buffer_;
    size_t                     bytes_ = 0;
    std::unique_ptr<Attention> attention_;
};

} // namespace longembed
