#pragma once

#include <cstdint>
#include <vector>

#include "architectures/architecture.h"
#include "ggml-cpp.h"
#include "packed_plan.h"

namespace longembed {

/// What a workspace must hold.
struct WorkspaceSize {
    int64_t tokens       = 0;  ///< of all sequences together
    int64_t longest      = 0;  ///< tokens of the longest sequence
    int64_t rows         = 0;  ///< single tokens that the last layer computes; 0 for mean pooling
    int64_t block        = 0;  ///< tokens of a block
    int64_t lanes        = 0;  ///< blocks computed side by side
    int64_t dimensions   = 0;
    bool    own_kernel   = false;  ///< attention by our own CPU kernel, which takes its keys in tiles
    int64_t numbers_per_item = 1;  ///< the kernel's
    bool    between_rows = false;  ///< fractional absolute positions
    int64_t self_extend_window = 0;  ///< 0: ordinary attention
    int64_t self_extend_score_bytes = 0;  ///< see SelfExtend::score_bytes
    int64_t flash_head_size = 0;   ///< of keys and values for ggml's flash attention; what exceeds the head size is zeros

    bool fits_in(const WorkspaceSize & other) const;

    /// Room for both, where both are of a kind; else just this one.
    WorkspaceSize grown_to(const WorkspaceSize & other) const;

private:
    bool is_of_a_kind_with(const WorkspaceSize & other) const;
};

/// The tensors that live through a whole call: a few rows a token, so memory grows in proportion to length. They are kept
/// between calls and made anew when a call needs more.
class Workspace {
public:
    enum class Room {
        allocated,
        planned,  ///< no memory: graphs over such a workspace can be measured, not run
    };

    /// @param kv_type  GGML_TYPE_F32 or GGML_TYPE_F16
    /// @throws Error ERR_OUT_OF_MEMORY
    Workspace(const WorkspaceSize & size, const AttentionShape & shape, ggml_type kv_type, ggml_backend_buffer_type_t where,
              Room room = Room::allocated);

    const WorkspaceSize & size() const { return size_; }

    /// Of memory that it takes, or would take.
    size_t bytes() const { return bytes_; }

    /// Brings a plan's tokens, positions, factors and rows to the device.
    void upload(const PackedPlan & plan);

    /// What one lane needs for the block it computes.
    struct LaneTensors {
        ggml_tensor * heads  = nullptr;  ///< [head size · heads, block] what attention gives the block
        ggml_tensor * scores = nullptr;  ///< self-extend in models both ways only: SelfExtend::score_elements
    };
    std::vector<LaneTensors> lanes;

    ggml_tensor * x         = nullptr;  ///< [dimensions, tokens] the layer's input, overwritten by its output block by block
    ggml_tensor * key_tiles = nullptr;  ///< [tile_keys, items of a head, tiles, kv heads], rotated; for our own kernel
    ggml_tensor * keys      = nullptr;  ///< [head size (flash_head_size), tokens, kv heads], rotated; for ggml's operations
    ggml_tensor * values    = nullptr;  ///< [head size (flash_head_size), tokens, kv heads]; not for self-extend by ggml's operations; for our own kernel [head size, items of whole tiles, kv heads]
    ggml_tensor * tokens    = nullptr;  ///< [tokens] I32
    ggml_tensor * positions = nullptr;  ///< [tokens] I32
    ggml_tensor * positions_upper    = nullptr;  ///< [tokens] I32; only with between_rows
    ggml_tensor * positions_fraction = nullptr;  ///< [1, tokens]; only with between_rows
    ggml_tensor * logit_scale        = nullptr;  ///< [1, 1, tokens]
    ggml_tensor * staircase = nullptr;  ///< for causal models and ggml's flash attention; [longest + Attention::key_padding, block] F16: 0 where column <= row + longest − block, else −inf
    ggml_tensor * row_ids   = nullptr;  ///< [rows] I32, in packed order
    ggml_tensor * row_positions   = nullptr;  ///< [rows] I32
    ggml_tensor * row_logit_scale = nullptr;  ///< [1, 1, rows]
    ggml_tensor * pooled_rows     = nullptr;  ///< [dimensions, rows]

    // self-extend only; see self_extend_positions.h and, for what ggml's operations need, self_extend.h
    ggml_tensor * far_key_tiles       = nullptr;  ///< as key_tiles
    ggml_tensor * far_keys            = nullptr;  ///< as keys
    ggml_tensor * values_by_dimension = nullptr;  ///< [tokens, head size, kv heads]
    ggml_tensor * far_key_positions   = nullptr;  ///< [tokens] I32
    ggml_tensor * before_positions    = nullptr;  ///< [tokens] I32, of queries
    ggml_tensor * after_positions     = nullptr;  ///< [tokens] I32, of queries; models both ways only
    ggml_tensor * row_before_positions = nullptr;  ///< [rows] I32
    ggml_tensor * row_after_positions  = nullptr;  ///< [rows] I32; models both ways only
    ggml_tensor * zone_near   = nullptr;  ///< [zone width, queries per step]: 1 where near, else 0
    ggml_tensor * zone_before = nullptr;  ///< the same for keys far before the query
    ggml_tensor * zone_after  = nullptr;  ///< the same for keys far after the query; models both ways only
    ggml_tensor * hidden_keys = nullptr;  ///< [alignment, queries per step, heads]: −inf; models both ways only
    ggml_tensor * zone_hidden = nullptr;  ///< −inf where the key comes after the query, else 0; causal models only

private:
    void add_self_extend(ggml_context * ctx, const AttentionShape & shape, ggml_type kv_type);
    void plan(ggml_backend_buffer_type_t where);
    void allocate(ggml_backend_buffer_type_t where, bool causal);
    void fill_staircase();
    void fill_zone_masks(bool causal);

    WorkspaceSize           size_;
    ggml_context_ptr        ctx_;
    ggml_backend_buffer_ptr buffer_;
    size_t                  bytes_ = 0;
};

} // namespace longembed
