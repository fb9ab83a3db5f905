#pragma once

#include "attention.h"
#include "control.h"
#include "key_slots.h"

namespace longembed {

/// Attention by our own CPU kernel, as ggml operations that the CPU backend runs: keys and values are packed once when
/// they are made, and self-extend, windows, biases, causality and logit factors happen inside the kernel's tiles.
class TiledAttention : public Attention {
public:
    /// @param kernels  attention's is not null
    TiledAttention(ggml_context * ctx, const CpuKernels & kernels, const AttentionShape & shape,
                   const WorkspaceSize & size);

    void lay_out(const Layout & layout) override { slots_.lay_out(layout); }
    void store(StepGraph & steps, const RotatedKeys & keys, ggml_tensor * values, int64_t first) const override;
    void attend(StepGraph & steps, int stream, const AttentionShape & shape, const RotatedQueries & queries,
                const std::vector<AttentionRun> & runs, ggml_tensor * heads) const override;

private:
    using PackOne = void (*)(const float * numbers, int64_t count, int64_t slot, void * head);

    /// What an operation that packs rows needs to know.
    struct Packing {
        PackOne              pack_one;
        std::vector<SlotRun> runs; ///< tokens counted from the first row
    };

    /// What an operation that attends needs to know.
    struct Call {
        const TiledAttention &    attention;
        const AttentionShape &    shape;
        const Control &           control;
        std::vector<AttentionRun> runs;
    };

    static void pack(StepGraph & steps, ggml_tensor * rows, ggml_tensor * packed, const Packing & packing);
    static void run_packing(ggml_tensor * packed, int part, int parts, void * packing);
    static void run_call(ggml_tensor * heads, int part, int parts, void * call);

    AttentionTile tile_of(const Call & call, const AttentionRun & run, const ggml_tensor * heads) const;
    void          set_bias(AttentionTile & tile, const AttentionShape & shape, int64_t head) const;

    const CpuKernels kernels_;
    const int64_t    window_;   ///< self-extend's, or 0
    const bool       is_split_; ///< computed by kernels_.split_attention
    KeySlots         slots_;
    ggml_tensor *    near_keys_; ///< [tile_keys, items of a head, tiles, kv heads]
    ggml_tensor *    far_keys_;  ///< the same; null without self-extend
    ggml_tensor *    values_;    ///< [head size, items of whole tiles, kv heads]

    /// Of each head, as the kernel takes it; empty where the layers have no table of biases.
    std::vector<std::vector<float>> biases_;
};

} // namespace longembed
