#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "architectures/architecture.h"
#include "control.h"
#include "kernels/cpu_kernels.h"
#include "graph/layout.h"
#include "self_extend_attention.h"
#include "graph/workspace.h"

namespace longembed {

class StepGraph;

/// Queries of some neighbouring sequences of the same length, and what they attend to.
struct AttentionRun {
    int64_t column;       ///< of the first query, in the queries and in `heads`
    int64_t first_index;  ///< of the first query, in its sequence
    int64_t queries;      ///< of each sequence
    int64_t first_key;    ///< of the first sequence, in packed order
    int64_t keys;         ///< of each sequence
    int64_t count;        ///< sequences
    float   logit_factor; ///< beside the model's own
};

/// Attention by our own kernel, as ggml operations that the CPU backend runs: keys are packed once when they are made, and
/// self-extend, causality and logit factors happen inside the kernel's tiles.
class CpuAttention {
public:
    /// @param kernels  outlive this; attention's is not null
    CpuAttention(const AttentionShape & shape, const Workspace & workspace, const CpuKernels & kernels)
        : shape_(shape), workspace_(workspace), kernels_(kernels) {}

    /// Packs rotated keys [head size, kv heads, n] of packed tokens `first` … into `tiles` (the workspace's).
    void keep_keys(StepGraph & steps, ggml_tensor * keys, ggml_tensor * tiles, int64_t first);

    /// Packs values [head size, kv heads, n] of packed tokens `first` … into the workspace's.
    void keep_values(StepGraph & steps, ggml_tensor * values, int64_t first);

    /// Writes what all runs' queries gather to `heads` [head size · heads, n].
    void gather(StepGraph & steps, const SelfExtendQueries & queries, std::vector<AttentionRun> runs, ggml_tensor * heads);

    /// To be called when the graph that holds these operations has run.
    void forget() {
        packs_.clear();
        gathers_.clear();
    }

private:
    struct Pack {
        const CpuAttention * owner;
        int64_t              first;
    };
    struct Gather {
        const CpuAttention *      owner;
        const Control *           control;
        std::vector<AttentionRun> runs;
    };

    using PackOne = void (*)(const float * numbers, int64_t count, int64_t token, void * head);

    void keep(StepGraph & steps, ggml_tensor * rows, ggml_tensor * packed, int64_t first, ggml_custom_op_t pack);

    static void pack_keys(ggml_tensor * tiles, int part, int parts, void * data);
    static void pack_values(ggml_tensor * values, int part, int parts, void * data);
    static void pack(ggml_tensor * packed, int part, int parts, const Pack & pack, PackOne pack_one);
    static void attend(ggml_tensor * heads, int part, int parts, void * data);

    AttentionTile tile_of(const AttentionRun & run, const ggml_tensor * heads) const;

    const AttentionShape & shape_;
    const Workspace &      workspace_;
    const CpuKernels &     kernels_;

    // ggml keeps pointers to these until the graph has run
    std::deque<Pack>   packs_;
    std::deque<Gather> gathers_;
};

} // namespace longembed
