#pragma once

#include <cstdint>
#include <vector>

#include "attention_gradient.h"
#include "batch.h"
#include "frozen_bert.h"

namespace longembed {

/// Texts as tuning takes them: each stands at consecutive positions from one on. The arrays are borrowed.
struct PlacedTexts {
    const int32_t * tokens          = nullptr; ///< of all texts, special tokens included, concatenated
    const int32_t * lengths         = nullptr; ///< tokens of each, >= 1
    const int32_t * first_positions = nullptr; ///< the row of the position matrix of each text's first token
    int64_t         count           = 0;
};

/// Some neighbouring texts, which products are computed for together.
struct TextGroup {
    int64_t first;       ///< text
    int64_t count;       ///< texts
    int64_t first_token; ///< of all texts' tokens
    int64_t tokens;
};

/// Texts in their order in groups of at most `max_tokens`, or of a single text.
std::vector<TextGroup> group_texts(const PlacedTexts & texts, int64_t max_tokens);

/// Forward and backward pass of one group at a time through a frozen model. One thread at a time. No number depends on
/// what else is in the group.
class GroupPass {
public:
    explicit GroupPass(const FrozenBert & model);

    /// Pooled vectors of the group's texts, [count][dimensions], in doubles, not normalised.
    /// @param rows  the position matrix
    /// @param keep  whether backward() follows: it needs activations of all layers, 9 × dimensions numbers for each
    /// token and layer of a model whose feed-forward part is four times as wide
    void forward(const PlacedTexts & texts, const TextGroup & group, const float * rows, Pooling pooling, bool keep,
                 double * pooled);

    /// From the gradient by the group's pooled vectors that by the sum of token, segment and position embedding of each
    /// of its tokens, which is the gradient by its position's row. @return [tokens][dimensions], until the next call
    const float * backward(const PlacedTexts & texts, const TextGroup & group, Pooling pooling,
                           const double * by_pooled);

private:
    /// What backward() needs of a layer.
    struct Kept {
        std::vector<float> qkv;
        std::vector<float> attended; ///< attention's output plus the layer's input, before its norm
        std::vector<float> up;       ///< before GELU
        std::vector<float> summed;   ///< the feed-forward part's output plus its input, before its norm
    };

    void   forward_layer(const FrozenBert::Layer & layer, Kept & kept, const int32_t * lengths, const TextGroup & group,
                         bool keep);
    void   backward_layer(const FrozenBert::Layer & layer, const Kept & kept, const int32_t * lengths,
                          const TextGroup & group);
    Kept & kept(size_t layer, bool keep);

    const FrozenBert & model_;
    AttentionGradient  attention_;
    std::vector<Kept>  kept_;
    Kept               passing_; ///< of the layer that is being computed, where nothing is kept

    std::vector<float> embedded_; ///< [tokens][dimensions], before its norm
    std::vector<float> x_;        ///< a layer's input and output; then the gradient by it
    std::vector<float> heads_;    ///< attention's output; then the gradient by it
    std::vector<float> y_;        ///< the feed-forward part's input; then the gradient by it
    std::vector<float> wide_;     ///< [tokens][feed-forward]
    std::vector<float> by_qkv_;   ///< [tokens][3 · dimensions]
};

} // namespace longembed
