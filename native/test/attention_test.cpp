// The attention kernel against double precision: odd lengths and positions in the packed order, head sizes, heads that
// share keys (GQA), causality, self-extend's window, factors on the logits.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "architectures/architecture.h"
#include "attention/key_slots.h"
#include "ggml.h"
#include "testing.h"

namespace longembed::test {

namespace {

struct Setup {
    int64_t head_size;
    int64_t keys;        ///< of the sequence
    int64_t first_key;   ///< tokens of other sequences before it, in the same tiles
    int64_t first_index; ///< of the first query
    int64_t queries;
    int64_t heads; ///< query heads that share the keys
    int64_t window;
    bool    causal;
    float   scale;
    int64_t reach  = AttentionShape::unlimited; ///< of a sliding window
    float   slope  = 0.0f;                      ///< ALiBi's
    bool    table  = false;                     ///< biases of T5
    bool    spoilt = false;                     ///< a number of a key and one of a query are none
};

/// Distances that a random table of biases has on either side.
constexpr int64_t bias_reach = 90;

std::string text_of(const Setup & s) {
    return "head size " + std::to_string(s.head_size) + ", " + std::to_string(s.keys) + " keys from " +
           std::to_string(s.first_key) + ", " + std::to_string(s.queries) + " queries from " +
           std::to_string(s.first_index) + ", window " + std::to_string(s.window) + (s.causal ? ", causal" : "") +
           ", scale " + std::to_string(s.scale) + ", reach " + std::to_string(s.reach) + ", slope " +
           std::to_string(s.slope) + (s.table ? ", a table of biases" : "");
}

/// Keys and values of a head, as rows and as the kernel takes them.
class PackedHead {
public:
    PackedHead(const Setup & s, int64_t pack_factor, Random & random)
        : size_(s.head_size), pack_factor_(pack_factor),
          tokens_((s.first_key + s.keys + tile_keys - 1) / tile_keys * tile_keys), near_rows_(key_rows(s, random)),
          far_rows_(random.reals(tokens_ * size_)), value_rows_(random.reals(tokens_ * size_)),
          near_(packed_keys(near_rows_)), far_(packed_keys(far_rows_)), values_(packed_values()) {}

    const float * near() const { return near_.data(); }
    const float * far() const { return far_.data(); }
    const float * values() const { return values_.data(); }
    const float * near_row(int64_t token) const { return near_rows_.data() + token * size_; }
    const float * far_row(int64_t token) const { return far_rows_.data() + token * size_; }
    const float * value_row(int64_t token) const { return value_rows_.data() + token * size_; }

private:
    std::vector<float> key_rows(const Setup & s, Random & random) const {
        std::vector<float> rows = random.reals(tokens_ * size_);
        if (s.spoilt) {
            rows[(s.first_key + random.whole(0, s.keys - 1)) * size_ + random.whole(0, size_ - 1)] = std::nanf("");
        }
        return rows;
    }

    void put(std::vector<float> & words, int64_t word, int64_t part, float number) const {
        if (pack_factor_ == 1) {
            words[word] = number;
        } else {
            reinterpret_cast<ggml_bf16_t *>(words.data())[2 * word + part] = ggml_fp32_to_bf16(number);
        }
    }

    std::vector<float> packed_keys(const std::vector<float> & rows) const {
        const int64_t      words = (size_ + pack_factor_ - 1) / pack_factor_;
        std::vector<float> packed(tokens_ * words, 0.0f);
        for (int64_t token = 0; token < tokens_; ++token) {
            for (int64_t i = 0; i < size_; ++i) {
                put(packed, key_place(token, i / pack_factor_, words), i % pack_factor_, rows[token * size_ + i]);
            }
        }
        return packed;
    }

    std::vector<float> packed_values() const {
        std::vector<float> packed(tokens_ / pack_factor_ * size_);
        for (int64_t token = 0; token < tokens_; ++token) {
            for (int64_t i = 0; i < size_; ++i) {
                const int64_t word = value_place(token / pack_factor_, i, size_, tile_keys / pack_factor_);
                put(packed, word, token % pack_factor_, value_rows_[token * size_ + i]);
            }
        }
        return packed;
    }

    int64_t            size_;
    int64_t            pack_factor_;
    int64_t            tokens_;
    std::vector<float> near_rows_;
    std::vector<float> far_rows_;
    std::vector<float> value_rows_;
    std::vector<float> near_;
    std::vector<float> far_;
    std::vector<float> values_;
};

double dot(const float * a, const float * b, int64_t size) {
    double sum = 0.0;
    for (int64_t i = 0; i < size; ++i) {
        sum += static_cast<double>(a[i]) * b[i];
    }
    return sum;
}

/// A random table, its ends repeated as the kernel takes it.
std::vector<float> random_biases(Random & random) {
    std::vector<float> biases = random.reals(2 * (bias_reach + bias_padding) + 1);
    const auto         first  = biases.begin() + bias_padding;
    const auto         last   = biases.end() - bias_padding - 1;
    std::fill(biases.begin(), first, *first);
    std::fill(last, biases.end(), *last);
    return biases;
}

/// Queries of all heads in each rotation: [queries][heads][head size].
struct Queries {
    std::vector<float> near;
    std::vector<float> before;
    std::vector<float> after;
};

std::vector<double> expected_output(const Setup & s, const PackedHead & head, const Queries & q,
                                    const std::vector<float> & biases, int64_t query, int64_t query_head) {
    const int64_t       index = s.first_index + query;
    const int64_t       start = (query * s.heads + query_head) * s.head_size;
    std::vector<double> logits;
    const int64_t       begin = std::max<int64_t>(0, index - s.reach);
    for (int64_t key = begin; key < std::min(s.keys, index + 1 + (s.causal ? 0 : s.reach)); ++key) {
        const int64_t token   = s.first_key + key;
        const bool    far     = s.window > 0 && std::abs(index - key) >= s.window;
        const float * from    = far ? (key < index ? q.before : q.after).data() : q.near.data();
        const double  product = dot(from + start, far ? head.far_row(token) : head.near_row(token), s.head_size);
        const int64_t column  = std::clamp(key - index, -bias_reach, bias_reach) + bias_reach + bias_padding;
        logits.push_back(s.scale * product - s.slope * static_cast<double>(std::abs(key - index)) +
                         (s.table ? biases[column] : 0.0f));
    }
    const double        max   = *std::max_element(logits.begin(), logits.end());
    double              total = 0.0;
    std::vector<double> out(s.head_size, 0.0);
    for (size_t key = 0; key < logits.size(); ++key) {
        const double  weight = std::exp(logits[key] - max);
        const float * value  = head.value_row(s.first_key + begin + static_cast<int64_t>(key));
        total += weight;
        for (int64_t i = 0; i < s.head_size; ++i) {
            out[i] += weight * value[i];
        }
    }
    for (double & number : out) {
        number /= total;
    }
    return out;
}

/// A head's keys and values as split attention takes them; NaN where none is packed.
class SplitHead {
public:
    SplitHead(const SplitAttention & split, const Setup & s, const PackedHead & head)
        : first_slot_(s.first_key / KeySlots::stride(s.keys) * std::min(KeySlots::stride(s.keys), tile_keys)) {
        const int64_t tiles = (first_slot_ + s.keys + tile_keys - 1) / tile_keys;
        keys_.assign(tiles * split.key_floats(s.head_size), std::nanf(""));
        values_.assign(tiles * split.value_floats(s.head_size), std::nanf(""));
        for (int64_t key = 0; key < s.keys; ++key) {
            split.pack_key(head.near_row(s.first_key + key), s.head_size, first_slot_ + key, keys_.data());
            split.pack_value(head.value_row(s.first_key + key), s.head_size, first_slot_ + key, values_.data());
        }
    }

    const float * keys() const { return keys_.data(); }
    const float * values() const { return values_.data(); }
    int64_t       first_slot() const { return first_slot_; }

private:
    int64_t            first_slot_;
    std::vector<float> keys_;
    std::vector<float> values_;
};

/// @param out  [queries][heads][head size]
void compare(const Setup & s, const PackedHead & head, const Queries & q, const std::vector<float> & biases,
             const std::vector<float> & out, double tolerance) {
    const int64_t stride = s.heads * s.head_size;
    for (int64_t query = 0; query < s.queries; ++query) {
        for (int64_t query_head = 0; query_head < s.heads; ++query_head) {
            const std::vector<double> expected = expected_output(s, head, q, biases, query, query_head);
            for (int64_t i = 0; i < s.head_size; ++i) {
                const float computed = out[query * stride + query_head * s.head_size + i];
                // what depends on a number that is none must not look like a result
                expect(std::isnan(expected[i]) ? !std::isfinite(computed)
                                               : std::fabs(computed - expected[i]) <= tolerance,
                       text_of(s) + ": dimension " + std::to_string(i) + " of query " + std::to_string(query) + " is " +
                           std::to_string(computed) + ", not " + std::to_string(expected[i]));
            }
        }
    }
}

void check(const KernelVariant & variant, const CpuKernels & kernels, const Setup & s, Random & random) {
    const PackedHead head(s, kernels.pack_factor, random);
    const int64_t    stride = s.heads * s.head_size;
    Queries q{random.reals(s.queries * stride), random.reals(s.queries * stride), random.reals(s.queries * stride)};
    if (s.spoilt && random.whole(0, 1) == 1) {
        q.near[random.whole(0, s.queries * stride - 1)] = std::nanf("");
    }

    const std::vector<float> biases = s.table ? random_biases(random) : std::vector<float>();

    std::vector<float> out(s.queries * stride);
    AttentionTile      tile{};
    tile.query_stride = stride;
    tile.queries      = s.queries;
    tile.first_index  = s.first_index;
    tile.near_keys    = head.near();
    tile.far_keys     = s.window > 0 ? head.far() : nullptr;
    tile.values       = head.values();
    tile.first_key    = s.first_key;
    tile.keys         = s.keys;
    tile.head_size    = s.head_size;
    tile.window       = s.window;
    tile.causal       = s.causal;
    tile.scale        = s.scale;
    tile.reach        = s.reach;
    tile.slope        = s.slope;
    tile.bias         = s.table ? biases.data() : nullptr;
    tile.bias_reach   = bias_reach;
    tile.out_stride   = stride;
    // so many queries at a time, to `to`
    const auto run = [&](AttentionKernel kernel, int64_t scratch, int64_t step, float * to) {
        for (int64_t first = 0; first < s.queries; first += step) {
            tile.queries     = std::min(step, s.queries - first);
            tile.first_index = s.first_index + first;
            for (int64_t query_head = 0; query_head < s.heads; ++query_head) {
                const int64_t at    = first * stride + query_head * s.head_size;
                tile.near_queries   = q.near.data() + at;
                tile.before_queries = s.window > 0 ? q.before.data() + at : nullptr;
                tile.after_queries  = s.window > 0 && !s.causal ? q.after.data() + at : nullptr;
                tile.out            = to + at;
                kernel(tile, scratch_floats(scratch));
            }
        }
    };
    std::vector<float> in_parts(out.size());
    const auto         run_in_both = [&](AttentionKernel kernel, int64_t scratch, int64_t most) {
        run(kernel, scratch, most, out.data());
        run(kernel, scratch, tile_queries, in_parts.data());
        expect(std::memcmp(in_parts.data(), out.data(), out.size() * sizeof(float)) == 0,
               text_of(s) + ": the bits depend on how many queries are computed together");
    };
    run_in_both(kernels.attention, attention_scratch(s.head_size), max_tile_queries);

    // an error of a logit is one of its weight; values are below 1
    const double logit     = s.scale * std::sqrt(static_cast<double>(s.head_size));
    const double tolerance = variant.precision == Precision::bf16 && kernels.pack_factor > 1
                                 ? 2e-2 * std::max(1.0, logit)
                                 : 2e-6 + 1e-6 * logit;
    compare(s, head, q, biases, out, tolerance);

    if (kernels.split_attention.kernel != nullptr && s.window == 0 && !s.table) {
        const SplitHead split(kernels.split_attention, s, head);
        tile.near_keys = split.keys();
        tile.values    = split.values();
        tile.first_key = split.first_slot();
        run_in_both(kernels.split_attention.kernel, kernels.split_attention.scratch(s.head_size), max_split_queries);
        // values and weights are two BF16 numbers each, and the product of the second ones is left out
        compare(s, head, q, biases, out, tolerance + 0x1p-15);
    }
}

using Change = std::function<void(Setup &, Random &)>;

/// Random setups, each changed in the way that a test is about.
void add(std::vector<Test> & tests, const std::string & name, const Change & change) {
    add_for_variants(tests, "attention " + name, [change](const KernelVariant & variant, const CpuKernels & kernels) {
        Random random(11);
        for (const int64_t head_size : {32, 40, 48, 64, 80, 128, 20, 37}) {
            for (const int64_t keys : {1, 2, 47, 63, 64, 65, 130, 257, 400}) {
                const float scale = 1.0f / std::sqrt(static_cast<float>(head_size));
                Setup       s{head_size, keys, random.whole(0, 100), 0, 0, 1, 0, false, scale};
                change(s, random);
                s.queries     = random.whole(1, std::min(max_tile_queries, keys));
                s.first_index = random.whole(0, keys - s.queries);
                check(variant, kernels, s, random);
            }
        }
    });
}

} // namespace

void add_attention_tests(std::vector<Test> & tests) {
    add(tests, "in both directions", [](Setup &, Random &) {});
    add(tests, "that is causal", [](Setup & s, Random &) { s.causal = true; });
    add(tests, "of heads that share keys", [](Setup & s, Random & random) {
        s.heads  = 4;
        s.causal = random.whole(0, 1) == 1;
    });
    add_for_variants(tests, "attention over many keys", [](const KernelVariant & variant, const CpuKernels & kernels) {
        Random random(12);
        for (const int64_t head_size : {32, 64, 20}) {
            for (const int64_t keys : {513, 700, 1100}) {
                const bool    causal  = random.whole(0, 1) == 1;
                const int64_t queries = random.whole(max_tile_queries, max_split_queries);
                const float   scale   = 1.0f / std::sqrt(static_cast<float>(head_size));
                Setup         s{head_size, keys, 0, random.whole(0, keys - queries), queries, 1, 0, causal, scale};
                s.reach = random.whole(0, 1) == 1 ? random.whole(200, 600) : s.reach;
                check(variant, kernels, s, random);
            }
        }
    });
    add(tests, "with self-extend", [](Setup & s, Random & random) { s.window = random.whole(1, s.keys + 3); });
    add(tests, "with self-extend that is causal", [](Setup & s, Random & random) {
        s.window = random.whole(1, s.keys + 3);
        s.causal = true;
    });
    add(tests, "through a sliding window", [](Setup & s, Random & random) {
        s.reach  = random.whole(1, s.keys + 3);
        s.causal = random.whole(0, 3) == 0;
    });
    add(tests, "with a penalty on distance", [](Setup & s, Random & random) {
        constexpr float slopes[] = {0.5f, 0.0625f, 0.00390625f};
        s.slope                  = slopes[random.whole(0, 2)];
    });
    add(tests, "with a table of biases by distance", [](Setup & s, Random &) { s.table = true; });
    add(tests, "with factors on the logits", [](Setup & s, Random & random) {
        constexpr float factors[] = {0.25f, 1.7f, 30.0f, 300.0f}; // the largest make it rescale what it accumulated
        s.scale *= factors[random.whole(0, 3)];
        s.causal = random.whole(0, 1) == 1;
    });
    add(tests, "with numbers that are none", [](Setup & s, Random & random) {
        s.spoilt = true;
        s.causal = random.whole(0, 1) == 1;
    });
}

} // namespace longembed::test
