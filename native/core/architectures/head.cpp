#include "head.h"

#include <string>

namespace longembed {

std::optional<Head> Head::of(const Weights & weights) {
    std::vector<Linear> layers;
    for (const char * name : head_layers) {
        if (weights.optional(std::string(name) + ".weight") != nullptr) {
            layers.push_back(weights.linear(name));
        }
    }
    return layers.empty() ? std::nullopt : std::optional<Head>(Head(std::move(layers)));
}

ggml_tensor * Head::apply(const GraphContext & ctx, ggml_tensor * x) const {
    for (const Linear & layer : layers_) {
        x = linear(ctx, layer, x);
    }
    return x;
}

} // namespace longembed
