#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "contrastive_loss.h"
#include "control.h"
#include "frozen_bert.h"
#include "text_group.h"

struct llama_model;

namespace longembed {

/// Pairs of texts to learn from.
struct TuneBatch {
    PlacedTexts     texts;             ///< queries, then a positive for each in order, then negatives
    const int32_t * ids     = nullptr; ///< of each text: equal for equal texts
    int64_t         queries = 0;
};

/// AdamW (arXiv 1711.05101).
struct AdamW {
    double rate         = 5e-4;
    double beta1        = 0.9;
    double beta2        = 0.999;
    double epsilon      = 1e-8;
    double weight_decay = 0.0;
};

/// A step's figures.
struct TuneFigures {
    ContrastFigures contrast;
    double          gradient_norm = 0.0;
};

/// Learns rows of a position matrix; everything else of the model is frozen, and so are rows that are said to be. One
/// call at a time; others wait. Results do not depend on the number of threads.
///
/// A batch costs memory for its texts' vectors only: their forward pass is computed twice, the second time a group at a
/// time with its activations and at once its backward pass ("gradient caching", arXiv 2101.06983).
class PositionTuner {
public:
    /// @param model   of the architecture bert, on the CPU
    /// @param rows    the position matrix to begin with, [count][dimensions]
    /// @param frozen  of each row, whether it stays as it is
    /// @throws Error as FrozenBert; ERR_INVALID_OPTION where sizes do not fit
    PositionTuner(std::shared_ptr<const llama_model> model, Pooling pooling, std::vector<float> rows,
                  std::vector<uint8_t> frozen, int threads);

    int64_t dimensions() const { return model_.dimensions(); }
    int64_t rows() const { return static_cast<int64_t>(frozen_.size()); }

    /// Pooled vectors of texts in doubles, not normalised: [count][dimensions].
    /// @throws Error ERR_INVALID_OPTION for ids and positions that there are none of, ERR_ABORTED; so do the others
    std::vector<double> embed(const PlacedTexts & texts, Control & control);

    /// How well queries find their texts now.
    ContrastFigures evaluate(const TuneBatch & batch, double temperature, Control & control);

    /// The gradient of the loss by the rows, zeros for frozen ones.
    TuneFigures gradient(const TuneBatch & batch, double temperature, Control & control, std::vector<double> & by_rows);

    /// One step of AdamW. Where the loss or a gradient is not finite nothing changes, and the figures show it.
    TuneFigures step(const TuneBatch & batch, double temperature, const AdamW & optimizer, Control & control);

    /// What a step changes: rows, AdamW's two moments of each number, and the steps done.
    struct State {
        std::vector<float> rows;
        std::vector<float> first;
        std::vector<float> second;
        int64_t            steps = 0;
    };
    State state();
    void  restore(State state);

    /// Bytes that tuning takes beside the loaded model: transposed weights, and rows with their moments and gradients.
    size_t bytes() const;

private:
    void                check(const PlacedTexts & texts) const;
    std::vector<double> embed_all(const PlacedTexts & texts, Control & control, float until);
    TuneFigures         compute_gradient(const TuneBatch & batch, double temperature, Control & control,
                                         std::vector<double> & by_rows);
    void                update(const std::vector<double> & by_rows, const AdamW & optimizer);
    GroupPass &         pass(int member);

    std::shared_ptr<const llama_model>      source_;
    FrozenBert                              model_;
    Pooling                                 pooling_;
    std::vector<uint8_t>                    frozen_;
    State                                   state_;
    ThreadTeam                              team_;
    std::vector<std::unique_ptr<GroupPass>> passes_; ///< of each member of the team; null: not used yet
    std::mutex                              mutex_;
};

} // namespace longembed
