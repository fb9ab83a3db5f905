#include "text_group.h"

#include <algorithm>

namespace longembed {

std::vector<TextGroup> group_texts(const PlacedTexts & texts, int64_t max_tokens) {
    std::vector<TextGroup> groups;
    int64_t                token = 0;
    for (int64_t text = 0; text < texts.count; ++text) {
        const int64_t length = texts.lengths[text];
        if (groups.empty() || groups.back().tokens + length > max_tokens) {
            groups.push_back({text, 0, token, 0});
        }
        groups.back().count += 1;
        groups.back().tokens += length;
        token += length;
    }
    return groups;
}

namespace {

/// Room for `count` numbers; what was there stays. @return the first
float * room(std::vector<float> & numbers, int64_t count) {
    numbers.resize(std::max(numbers.size(), static_cast<size_t>(count)));
    return numbers.data();
}

} // namespace

GroupPass::GroupPass(const FrozenBert & model)
    : model_(model),
      attention_(model.kernels(), model.attention().heads, model.attention().head_size, model.attention().scale) {}

GroupPass::Kept & GroupPass::kept(size_t layer, bool keep) {
    if (!keep) {
        return passing_;
    }
    kept_.resize(model_.layers().size());
    return kept_[layer];
}

void GroupPass::forward(const PlacedTexts & texts, const TextGroup & group, const float * rows, Pooling pooling,
                        bool keep, double * pooled) {
    const int64_t size     = model_.dimensions();
    float *       embedded = room(embedded_, group.tokens * size);
    int64_t       token    = 0;
    for (int64_t text = group.first; text < group.first + group.count; ++text) {
        for (int64_t i = 0; i < texts.lengths[text]; ++i, ++token) {
            model_.embed(texts.tokens[group.first_token + token], rows + (texts.first_positions[text] + i) * size,
                         embedded + token * size);
        }
    }
    float * x = room(x_, group.tokens * size);
    model_.embedding_norm().forward(embedded, group.tokens, x);
    for (size_t layer = 0; layer < model_.layers().size(); ++layer) {
        forward_layer(model_.layers()[layer], kept(layer, keep), texts.lengths + group.first, group, keep);
    }

    std::fill_n(pooled, group.count * size, 0.0);
    for (int64_t text = 0; text < group.count; ++text, pooled += size) {
        const int64_t length = texts.lengths[group.first + text];
        const int64_t some   = pooling == Pooling::mean ? length : 1;
        const float * from   = x + (pooling == Pooling::last ? length - 1 : 0) * size;
        for (int64_t i = 0; i < some * size; ++i) {
            pooled[i % size] += from[i];
        }
        for (int64_t i = 0; i < size; ++i) {
            pooled[i] /= static_cast<double>(some);
        }
        x += length * size;
    }
}

void GroupPass::forward_layer(const FrozenBert::Layer & layer, Kept & kept, const int32_t * lengths,
                              const TextGroup & group, bool keep) {
    const CpuKernels & kernels  = model_.kernels();
    const int64_t      n        = group.tokens;
    const int64_t      size     = model_.dimensions();
    const int64_t      wide     = model_.feed_forward();
    float *            x        = x_.data();
    float *            qkv      = room(kept.qkv, n * 3 * size);
    float *            attended = room(kept.attended, n * size);
    float *            summed   = room(kept.summed, n * size);
    float *            heads    = room(heads_, n * size);
    float *            y        = room(y_, n * size);
    float *            active   = room(wide_, n * wide);

    layer.q.forward(kernels, x, n, qkv, 3 * size);
    layer.k.forward(kernels, x, n, qkv + size, 3 * size);
    layer.v.forward(kernels, x, n, qkv + 2 * size, 3 * size);
    for (int64_t text = 0, token = 0; text < group.count; token += lengths[text], ++text) {
        attention_.forward(qkv + token * 3 * size, lengths[text], heads + token * size);
    }
    layer.attention_output.forward(kernels, heads, n, attended, size, Epilogue::residual_add, x);
    layer.attention_norm.forward(attended, n, y);
    if (keep) {
        float * up = room(kept.up, n * wide);
        layer.up.forward(kernels, y, n, up, wide);
        kernels.gradient.gelu(up, active, n * wide);
    } else {
        layer.up.forward(kernels, y, n, active, wide, Epilogue::gelu);
    }
    layer.down.forward(kernels, active, n, summed, size, Epilogue::residual_add, y);
    layer.output_norm.forward(summed, n, x);
}

const float * GroupPass::backward(const PlacedTexts & texts, const TextGroup & group, Pooling pooling,
                                  const double * by_pooled) {
    const int64_t size = model_.dimensions();
    float *       by_x = x_.data();
    std::fill_n(by_x, group.tokens * size, 0.0f);
    for (int64_t text = 0, token = 0; text < group.count; token += texts.lengths[group.first + text], ++text) {
        const int64_t  length = texts.lengths[group.first + text];
        const double   share  = pooling == Pooling::mean ? 1.0 / static_cast<double>(length) : 1.0;
        const int64_t  some   = pooling == Pooling::mean ? length : 1;
        const double * vector = by_pooled + text * size;
        float *        to     = by_x + (token + (pooling == Pooling::last ? length - 1 : 0)) * size;
        for (int64_t i = 0; i < some * size; ++i) {
            to[i] = static_cast<float>(share * vector[i % size]);
        }
    }
    for (size_t layer = model_.layers().size(); layer-- > 0;) {
        backward_layer(model_.layers()[layer], kept_[layer], texts.lengths + group.first, group);
    }
    model_.embedding_norm().backward(embedded_.data(), group.tokens, by_x);
    return by_x;
}

void GroupPass::backward_layer(const FrozenBert::Layer & layer, const Kept & kept, const int32_t * lengths,
                               const TextGroup & group) {
    const CpuKernels & kernels  = model_.kernels();
    const int64_t      n        = group.tokens;
    const int64_t      size     = model_.dimensions();
    const int64_t      wide     = model_.feed_forward();
    float *            by_x     = x_.data();
    float *            by_heads = heads_.data();
    float *            by_y     = y_.data();
    float *            by_up    = wide_.data();
    float *            by_qkv   = room(by_qkv_, n * 3 * size);

    layer.output_norm.backward(kept.summed.data(), n, by_x);
    layer.down.backward(kernels, by_x, size, n, nullptr, by_up);
    kernels.gradient.gelu_gradient(kept.up.data(), by_up, n * wide);
    layer.up.backward(kernels, by_up, wide, n, by_x, by_y); // by_x reaches y directly as well
    layer.attention_norm.backward(kept.attended.data(), n, by_y);
    layer.attention_output.backward(kernels, by_y, size, n, nullptr, by_heads);
    for (int64_t text = 0, token = 0; text < group.count; token += lengths[text], ++text) {
        attention_.backward(kept.qkv.data() + token * 3 * size, by_heads + token * size, lengths[text],
                            by_qkv + token * 3 * size);
    }
    // the layer's input goes to queries, keys, values and, directly, to what its norm gets
    layer.q.backward(kernels, by_qkv, 3 * size, n, by_y, by_x);
    layer.k.backward(kernels, by_qkv + size, 3 * size, n, by_x, by_heads);
    layer.v.backward(kernels, by_qkv + 2 * size, 3 * size, n, by_heads, by_x);
}

} // namespace longembed
