#include "hyperparameters.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "architectures/table.h"
#include "llama-hparams.h"

namespace longembed {

namespace {

constexpr uint64_t max_context = uint64_t{1} << 30;
constexpr uint64_t max_width   = uint64_t{1} << 24; // of a layer's vectors; of a head it is far less
constexpr uint64_t max_heads   = uint64_t{1} << 16;
constexpr uint64_t max_tokens  = uint64_t{1} << 26;

std::string shown(double number) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.9g", number);
    return text;
}

/// The first layer's number. In architectures with a graph of ours it must be every layer's: llama.cpp, too, gives the
/// tensors of all their layers the first one's shapes.
/// @param entry  of the architecture, where the graph is ours
int64_t first_layers(const ModelKeys & keys, const std::string & name, int64_t layers, uint64_t max,
                     const ArchitectureEntry * entry, int64_t fallback) {
    const uint64_t min     = entry != nullptr ? 1 : 0; // state-space layers have no heads
    const auto     numbers = keys.per_layer(name, layers, min, max);
    if (numbers.empty()) {
        return fallback;
    }
    const auto other =
        std::find_if(numbers.begin(), numbers.end(), [&](uint64_t number) { return number != numbers.front(); });
    if (entry != nullptr && other != numbers.end()) {
        throw keys.wrong(name, *other,
                         "layer 0 has " + std::to_string(numbers.front()) +
                             ", and the layers of this architecture are alike");
    }
    return static_cast<int64_t>(numbers.front());
}

/// How experts are chosen by groups first; llama.cpp asserts all of it.
void check_expert_groups(const ModelKeys & keys, uint64_t experts) {
    const std::string there  = "the model has " + std::to_string(experts) + " experts";
    const uint64_t    groups = keys.whole("expert_group_count", 0, LLAMA_MAX_EXPERTS, 0);
    if (groups > 0 && (groups >= experts || experts % groups != 0)) {
        throw keys.wrong("expert_group_count", groups, there);
    }
    if (groups > 1) {
        keys.required("expert_group_used_count", 1, groups - 1);
    }
}

/// @param entry  of the architecture, where the graph is ours
void check_experts(const ModelKeys & keys, llm_arch architecture, const ArchitectureEntry * entry, ModelSizes & sizes) {
    const bool mixes   = entry != nullptr && entry->mixes_experts;
    const auto experts = keys.whole("expert_count", 0, LLAMA_MAX_EXPERTS, 0);
    sizes.experts      = static_cast<int64_t>(experts);
    const auto used =
        keys.per_layer("expert_used_count", sizes.layers, mixes && experts > 0 ? 1 : 0, LLAMA_MAX_EXPERTS);
    for (const uint64_t number : used) {
        if (number > experts) {
            throw keys.wrong("expert_used_count", number, "the model has " + std::to_string(experts) + " experts");
        }
    }
    // llama.cpp takes one expert for none in these
    const bool none = experts == 1 && (architecture == LLM_ARCH_HUNYUAN_VL || architecture == LLM_ARCH_HUNYUAN_DENSE);
    if (experts > 0 && !none && std::all_of(used.begin(), used.end(), [](uint64_t number) { return number == 0; })) {
        throw keys.wrong("expert_count", experts, "\"expert_used_count\" is missing or 0");
    }
    check_expert_groups(keys, experts);
    if (mixes) {
        sizes.mixture_period = static_cast<int64_t>(keys.whole("moe_every_n_layers", 0, LLAMA_MAX_LAYERS, 0));
        if (experts == 0 && sizes.mixture_period > 1 && sizes.layers > 1) {
            keys.required("expert_count", 1, LLAMA_MAX_EXPERTS);
        }
    }
}

void check_numbers(const ModelKeys & keys) {
    keys.check_finite();
    keys.real("attention.layer_norm_epsilon", 0.0, 1.0);
    keys.real("attention.layer_norm_rms_epsilon", 0.0, 1.0);
    keys.real("rope.freq_base", 1.0, 1e15);
    keys.real("rope.freq_base_swa", 1.0, 1e15);
    keys.real("rope.scaling.factor", 0.0, 1e6);
    keys.real("rope.scale_linear", 0.0, 1e6);
    keys.whole("rope.scaling.original_context_length", 0, max_context, 0);
    keys.one_of("rope.scaling.type", {"none", "linear", "yarn", "longrope"});
    keys.whole("pooling_type", 0, 4, 0);
    keys.whole("vocab_size", 1, max_tokens, 0);
}

/// The shapes of our own graphs rest on these.
void check_heads(const ModelKeys & keys, const ArchitectureEntry & entry, const ModelSizes & sizes) {
    entry.check_sizes(keys, sizes);
    if (sizes.kv_heads > sizes.heads || sizes.heads % sizes.kv_heads != 0) {
        throw keys.wrong("attention.head_count_kv", sizes.kv_heads,
                         "it does not divide the " + std::to_string(sizes.heads) + " heads");
    }
    const auto rotated = static_cast<int64_t>(keys.whole("rope.dimension_count", 0, sizes.key_size, sizes.key_size));
    if (entry.rotation != Rotation::none && (rotated < 2 || rotated % 2 != 0)) {
        throw keys.wrong("rope.dimension_count", rotated, "pairs of numbers are rotated, one at least");
    }
}

void check_own_graph(const ModelKeys & keys, const ArchitectureEntry & entry, const ModelSizes & sizes) {
    keys.required("attention.head_count", 1, max_heads);
    if (sizes.feed_forward == 0) {
        keys.required("feed_forward_length", 1, max_width);
    }
    if (sizes.key_size < 1 || sizes.value_size < 1) {
        throw keys.wrong("attention.head_count", sizes.heads,
                         "there are " + std::to_string(sizes.dimensions) + " dimensions to share out");
    }
    check_heads(keys, entry, sizes);
}

int64_t read_segments(const Metadata & metadata, const ArchitectureEntry * entry) {
    const std::string key      = "tokenizer.ggml.token_type_count";
    const auto        segments = metadata.whole(key).value_or(0);
    if (entry != nullptr && entry->needs_token_types && segments == 0) {
        throw InvalidFile("its key \"" + key + "\" is missing or 0.");
    }
    return static_cast<int64_t>(std::min<uint64_t>(segments, UINT32_MAX));
}

} // namespace

void ModelKeys::check_finite() const {
    for (const auto & [key, value] : metadata_.under(prefix_)) {
        const auto numbers = real_numbers(*value);
        if (numbers &&
            !std::all_of(numbers->begin(), numbers->end(), [](double number) { return std::isfinite(number); })) {
            throw InvalidFile("its key " + quoted(key) + " is infinite or no number.");
        }
    }
}

uint64_t ModelKeys::whole(const std::string & name, uint64_t min, uint64_t max, uint64_t fallback) const {
    const auto number = metadata_.whole(prefix_ + name);
    if (number) {
        check(name, static_cast<double>(*number), static_cast<double>(min), static_cast<double>(max));
    }
    return number.value_or(fallback);
}

uint64_t ModelKeys::required(const std::string & name, uint64_t min, uint64_t max) const {
    if (metadata_.find(prefix_ + name) == nullptr) {
        throw InvalidFile("it has no key " + quoted(prefix_ + name) + ".");
    }
    return whole(name, min, max, 0);
}

std::vector<uint64_t> ModelKeys::per_layer(const std::string & name, uint64_t layers, uint64_t min,
                                           uint64_t max) const {
    const auto        numbers = metadata_.whole_numbers(prefix_ + name);
    const GgufValue * value   = metadata_.find(prefix_ + name);
    if (value != nullptr && value->is_array && numbers.size() < layers) {
        throw InvalidFile("its key " + quoted(prefix_ + name) + " has " + std::to_string(numbers.size()) +
                          " numbers for " + std::to_string(layers) + " layers.");
    }
    for (const uint64_t number : numbers) {
        check(name, static_cast<double>(number), static_cast<double>(min), static_cast<double>(max));
    }
    return numbers;
}

void ModelKeys::real(const std::string & name, double min, double max) const {
    if (const auto number = metadata_.real(prefix_ + name)) {
        check(name, *number, min, max);
    }
}

void ModelKeys::one_of(const std::string & name, const std::vector<std::string> & choices) const {
    const auto text = metadata_.text(prefix_ + name);
    if (text && std::find(choices.begin(), choices.end(), *text) == choices.end()) {
        throw InvalidFile("its key " + quoted(prefix_ + name) + " is " + quoted(*text) + ", which is unknown.");
    }
}

InvalidFile ModelKeys::wrong(const std::string & name, uint64_t number, const std::string & why) const {
    return InvalidFile("its key " + quoted(prefix_ + name) + " is " + std::to_string(number) + ": " + why + ".");
}

void ModelKeys::check(const std::string & name, double number, double min, double max) const {
    if (!(number >= min && number <= max)) {
        throw InvalidFile("its key " + quoted(prefix_ + name) + " is " + shown(number) + "; it must be from " +
                          shown(min) + " to " + shown(max) + ".");
    }
}

void check_heads_fill_width(const ModelKeys & keys, const ModelSizes & sizes) {
    if (sizes.heads * sizes.key_size != sizes.dimensions) {
        throw keys.wrong("attention.head_count", sizes.heads,
                         "it does not divide the " + std::to_string(sizes.dimensions) + " dimensions");
    }
}

void check_heads_have_own_keys(const ModelKeys & keys, const ModelSizes & sizes) {
    if (sizes.kv_heads != sizes.heads) {
        throw keys.wrong("attention.head_count_kv", sizes.kv_heads,
                         "there are " + std::to_string(sizes.heads) + " heads, each with keys of its own");
    }
}

void check_heads_alike(const ModelKeys & keys, const ModelSizes & sizes) {
    if (sizes.value_size != sizes.key_size) {
        throw keys.wrong("attention.value_length", sizes.value_size,
                         "keys are of " + std::to_string(sizes.key_size) + " numbers");
    }
    const uint64_t rotated = keys.whole("rope.dimension_count", 0, sizes.key_size, sizes.key_size);
    if (static_cast<int64_t>(rotated) != sizes.key_size) {
        throw keys.wrong("rope.dimension_count", rotated,
                         "keys are of " + std::to_string(sizes.key_size) + " numbers, all of which are rotated");
    }
}

void check_sliding_window(const ModelKeys & keys, const ModelSizes & sizes, uint64_t min) {
    const uint64_t window = keys.whole("attention.sliding_window", min, max_context, 0);
    if (window == 1) {
        throw keys.wrong("attention.sliding_window", window, "a token would see itself alone");
    }
    const uint64_t rotated = keys.whole("rope.dimension_count", 0, sizes.key_size, sizes.key_size);
    const std::pair<const char *, uint64_t> same[] = {{"attention.key_length_swa", sizes.key_size},
                                                      {"attention.value_length_swa", sizes.value_size},
                                                      {"rope.dimension_count_swa", rotated}};
    for (const auto & [name, expected] : same) {
        if (const uint64_t number = keys.whole(name, 0, max_heads, expected); number != expected) {
            throw keys.wrong(name, number, "in layers without a window it is " + std::to_string(expected));
        }
    }
}

ModelSizes read_sizes(const Metadata & metadata, llm_arch architecture, const std::string & name, int64_t vocabulary) {
    const ModelKeys           keys(metadata, name);
    const ArchitectureEntry * entry = find_architecture(architecture);
    check_numbers(keys);

    ModelSizes sizes;
    sizes.vocabulary = vocabulary;
    sizes.layers     = static_cast<int64_t>(keys.required("block_count", 1, LLAMA_MAX_LAYERS));
    sizes.dimensions = static_cast<int64_t>(keys.required("embedding_length", 1, max_width));
    sizes.context    = static_cast<int64_t>(keys.required("context_length", 1, max_context));
    check_experts(keys, architecture, entry, sizes);

    sizes.heads        = first_layers(keys, "attention.head_count", sizes.layers, max_heads, entry, 0);
    sizes.kv_heads     = first_layers(keys, "attention.head_count_kv", sizes.layers, max_heads, entry, sizes.heads);
    sizes.feed_forward = first_layers(keys, "feed_forward_length", sizes.layers, max_width, entry, 0);

    const uint64_t min  = entry != nullptr ? 1 : 0;
    const uint64_t head = sizes.heads > 0 ? static_cast<uint64_t>(sizes.dimensions / sizes.heads) : 0;
    sizes.key_size      = static_cast<int64_t>(keys.whole("attention.key_length", min, max_heads, head));
    sizes.value_size    = static_cast<int64_t>(keys.whole("attention.value_length", min, max_heads, head));
    keys.whole("rope.dimension_count", 0, max_heads, 0);
    sizes.buckets = static_cast<int64_t>(keys.whole("attention.relative_buckets_count", 0, max_heads, 0));

    if (entry != nullptr) {
        check_own_graph(keys, *entry, sizes);
    }
    sizes.segments = read_segments(metadata, entry);
    return sizes;
}

} // namespace longembed
