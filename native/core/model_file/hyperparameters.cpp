#include "hyperparameters.h"

#include <algorithm>
#include <cmath>

#include "invalid_file.h"
#include "llama-hparams.h"

namespace longembed {

namespace {

constexpr uint64_t most_context  = uint64_t{1} << 30;
constexpr uint64_t most_width    = uint64_t{1} << 24;  // of a layer's vectors; of a head it is far less
constexpr uint64_t most_heads    = uint64_t{1} << 16;
constexpr uint64_t most_tokens   = uint64_t{1} << 26;

std::string range(double least, double most) {
    const auto shown = [](double number) {
        char text[32];
        std::snprintf(text, sizeof(text), "%.9g", number);
        return std::string(text);
    };
    return shown(least) + " to " + shown(most);
}

/// The keys of one architecture, "bert.context_length" and so on.
class Keys {
public:
    Keys(const Metadata & metadata, const std::string & architecture) : metadata_(metadata), prefix_(architecture + ".") {}

    /// Refuses infinities and NaN wherever they stand.
    void check_finite() const {
        for (const auto & [key, value] : metadata_.under(prefix_)) {
            const auto numbers = real_numbers(*value);
            if (numbers && !std::all_of(numbers->begin(), numbers->end(), [](double number) { return std::isfinite(number); })) {
                throw InvalidFile("its key " + quoted(key) + " is infinite or no number.");
            }
        }
    }

    /// @return the number, or `fallback` where there is no such key
    uint64_t whole(const std::string & name, uint64_t least, uint64_t most, uint64_t fallback) const {
        const auto number = metadata_.whole(prefix_ + name);
        if (number) {
            check(name, static_cast<double>(*number), static_cast<double>(least), static_cast<double>(most));
        }
        return number.value_or(fallback);
    }

    uint64_t required(const std::string & name, uint64_t least, uint64_t most) const {
        if (metadata_.find(prefix_ + name) == nullptr) {
            throw InvalidFile("it has no key " + quoted(prefix_ + name) + ".");
        }
        return whole(name, least, most, 0);
    }

    /// @return a number a layer, or one for all; empty where there is no such key
    std::vector<uint64_t> per_layer(const std::string & name, uint64_t layers, uint64_t least, uint64_t most) const {
        const auto numbers = metadata_.whole_numbers(prefix_ + name);
        const GgufValue * value = metadata_.find(prefix_ + name);
        if (value != nullptr && value->is_array && numbers.size() < layers) {
            throw InvalidFile("its key " + quoted(prefix_ + name) + " has " + std::to_string(numbers.size()) + " numbers for " + std::to_string(layers) + " layers.");
        }
        for (const uint64_t number : numbers) {
            check(name, static_cast<double>(number), static_cast<double>(least), static_cast<double>(most));
        }
        return numbers;
    }

    void real(const std::string & name, double least, double most) const {
        if (const auto number = metadata_.real(prefix_ + name)) {
            check(name, *number, least, most);
        }
    }

    void one_of(const std::string & name, const std::vector<std::string> & choices) const {
        const auto text = metadata_.text(prefix_ + name);
        if (text && std::find(choices.begin(), choices.end(), *text) == choices.end()) {
            throw InvalidFile("its key " + quoted(prefix_ + name) + " is " + quoted(*text) + ", which is unknown.");
        }
    }

    InvalidFile wrong(const std::string & name, uint64_t number, const std::string & why) const {
        return InvalidFile("its key " + quoted(prefix_ + name) + " is " + std::to_string(number) + ": " + why + ".");
    }

private:
    void check(const std::string & name, double number, double least, double most) const {
        if (!(number >= least && number <= most)) {
            char text[32];
            std::snprintf(text, sizeof(text), "%.9g", number);
            throw InvalidFile("its key " + quoted(prefix_ + name) + " is " + text + "; it must be from " + range(least, most) + ".");
        }
    }

    const Metadata & metadata_;
    std::string      prefix_;
};

bool all_equal(const std::vector<uint64_t> & numbers) {
    return std::adjacent_find(numbers.begin(), numbers.end(), std::not_equal_to<>()) == numbers.end();
}

int64_t first_or(const std::vector<uint64_t> & numbers, int64_t fallback) {
    return numbers.empty() ? fallback : static_cast<int64_t>(numbers.front());
}

void check_experts(const Keys & keys, ModelSizes & sizes) {
    sizes.experts = static_cast<int64_t>(keys.whole("expert_count", 0, LLAMA_MAX_EXPERTS, 0));
    const auto used = keys.per_layer("expert_used_count", sizes.layers, 0, LLAMA_MAX_EXPERTS);
    for (const uint64_t number : used) {
        if (number > static_cast<uint64_t>(sizes.experts)) {
            throw keys.wrong("expert_used_count", number, "the model has " + std::to_string(sizes.experts) + " experts");
        }
    }
}

void check_numbers(const Keys & keys) {
    keys.check_finite();
    keys.real("attention.layer_norm_epsilon", 0.0, 1.0);
    keys.real("attention.layer_norm_rms_epsilon", 0.0, 1.0);
    keys.real("rope.freq_base", 1.0, 1e15);
    keys.real("rope.scaling.factor", 0.0, 1e6);
    keys.real("rope.scale_linear", 0.0, 1e6);
    keys.whole("rope.scaling.original_context_length", 0, most_context, 0);
    keys.one_of("rope.scaling.type", {"none", "linear", "yarn", "longrope"});
    keys.whole("pooling_type", 0, 4, 0);
    keys.whole("vocab_size", 1, most_tokens, 0);
}

/// What the shapes of our own graphs rest on.
void check_heads(const Keys & keys, llm_arch architecture, const ModelSizes & sizes) {
    if (architecture != LLM_ARCH_LLAMA && sizes.heads * sizes.key_size != sizes.dimensions) {
        throw keys.wrong("attention.head_count", sizes.heads, "it does not divide the " + std::to_string(sizes.dimensions) + " dimensions");
    }
    if (sizes.kv_heads > sizes.heads || sizes.heads % sizes.kv_heads != 0) {
        throw keys.wrong("attention.head_count_kv", sizes.kv_heads, "it does not divide the " + std::to_string(sizes.heads) + " heads");
    }
    const auto rotated = static_cast<int64_t>(keys.whole("rope.dimension_count", 0, sizes.key_size, sizes.key_size));
    if (architecture != LLM_ARCH_BERT && (rotated < 2 || rotated % 2 != 0)) {
        throw keys.wrong("rope.dimension_count", rotated, "pairs of numbers are rotated, one at least");
    }
}

} // namespace

bool has_own_graph(llm_arch architecture) {
    return architecture == LLM_ARCH_BERT || architecture == LLM_ARCH_JINA_BERT_V3 || architecture == LLM_ARCH_NOMIC_BERT ||
           architecture == LLM_ARCH_LLAMA;
}

ModelSizes read_sizes(const Metadata & metadata, llm_arch architecture, const std::string & name) {
    const Keys keys(metadata, name);
    check_numbers(keys);

    ModelSizes sizes;
    sizes.layers     = static_cast<int64_t>(keys.required("block_count", 1, LLAMA_MAX_LAYERS));
    sizes.dimensions = static_cast<int64_t>(keys.required("embedding_length", 1, most_width));
    sizes.context    = static_cast<int64_t>(keys.required("context_length", 1, most_context));
    check_experts(keys, sizes);

    const uint64_t least = has_own_graph(architecture) ? 1 : 0; // state-space layers have no heads
    const auto heads        = keys.per_layer("attention.head_count", sizes.layers, least, most_heads);
    const auto kv_heads     = keys.per_layer("attention.head_count_kv", sizes.layers, least, most_heads);
    const auto feed_forward = keys.per_layer("feed_forward_length", sizes.layers, least, most_width);
    sizes.heads        = first_or(heads, 0);
    sizes.kv_heads     = first_or(kv_heads, sizes.heads);
    sizes.feed_forward = first_or(feed_forward, 0);
    sizes.uniform      = all_equal(heads) && all_equal(kv_heads) && all_equal(feed_forward);

    const uint64_t head = sizes.heads > 0 ? static_cast<uint64_t>(sizes.dimensions / sizes.heads) : 0;
    sizes.key_size   = static_cast<int64_t>(keys.whole("attention.key_length", least, most_heads, head));
    sizes.value_size = static_cast<int64_t>(keys.whole("attention.value_length", least, most_heads, head));
    keys.whole("rope.dimension_count", 0, most_heads, 0);

    if (has_own_graph(architecture)) {
        keys.required("attention.head_count", 1, most_heads);
        if (feed_forward.empty()) {
            keys.required("feed_forward_length", 1, most_width);
        }
        if (sizes.key_size < 1 || sizes.value_size < 1) {
            throw keys.wrong("attention.head_count", sizes.heads, "there are " + std::to_string(sizes.dimensions) + " dimensions to share out");
        }
        if (sizes.uniform) {
            check_heads(keys, architecture, sizes);
        }
    }
    return sizes;
}

} // namespace longembed
