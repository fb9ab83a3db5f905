#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "control.h"
#include "ggml.h"
#include "kernels/cpu_kernels.h"

struct llama_model;

namespace longembed {

/// What panels of weights of this type hold: halves stay halves, and all others become floats.
WeightFormat panel_format(ggml_type type);

/// Writes a matrix [n][k], whose rows lie one behind the other, as the kernels' panels (WeightPanels).
void pack_panels(const CpuKernels & kernels, ggml_type type, const char * rows, int64_t n, int64_t k, char * to);

/// Writes it as [k][n], in halves where panel_format() says so, else as floats.
void transpose_weights(ggml_type type, const char * rows, int64_t n, int64_t k, char * to);

/// The weights of a model's layers in the order in which the kernels for products read them. A product then neither
/// dequantizes nor packs them, which for a text of a few tokens takes as long as multiplying. Where the file is mapped,
/// the pages of what was repacked are given back to the system.
class RepackedWeights {
public:
    /// Where weights are repacked only if memory allows: they may add this part of what is available, and take that
    /// one in all.
    static constexpr uint64_t added_part = 32;
    static constexpr uint64_t total_part = 4;

    /// Whether the weights' panels would take few enough bytes of those available.
    static bool fit(const llama_model & model, const CpuKernels & kernels, uint64_t available);

    /// Calls work(piece) for every piece 0 … pieces − 1, on as many threads as it likes.
    using ForEach = std::function<void(int64_t pieces, const std::function<void(int64_t piece)> & work)>;

    /// @param kernels  that take panels
    /// @throws Error ERR_ABORTED
    RepackedWeights(const llama_model & model, const CpuKernels & kernels, const ForEach & for_each, Control & control);

    /// The panels of a matrix from this row on; none where it was not repacked, or the row begins no panel.
    WeightPanels find(const char * row) const;

    /// That this takes beside the model's own, without what was given back.
    uint64_t added_bytes() const { return added_bytes_; }

private:
    struct Free {
        void operator()(char * memory) const;
    };

    struct Matrices {
        const char * end; ///< of the weights in the model
        int64_t      row_bytes;
        int64_t      rows; ///< of one of the matrices
        int64_t      inputs;
        WeightPanels panels;
    };

    int64_t                          panel_;    ///< outputs in one
    std::map<const char *, Matrices> matrices_; ///< by where the weights lie in the model
    std::unique_ptr<char, Free>      memory_;
    uint64_t                         added_bytes_ = 0;
};

} // namespace longembed
