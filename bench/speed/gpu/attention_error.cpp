// How far a device's flash attention is from double precision, by head size and number of keys: where sums are kept in
// halves, the error grows with the square root of the keys (docs/gpu.md).
//
//   longembed-attention-error [--device NAME] [--keys N,N,…]     default: the first GPU; 1280,4096,32768
//
// Keys and values are normal random halves, so that attention is spread; four heads of queries share one of keys.
// Prints for each shape the relative error ‖x − y‖ / ‖y‖ of 1 query without a mask, of 64 without and of 64 with one
// that hides nothing, and of 1,100 with the mask of a causal model (kernels differ); NaN where the device has no
// kernel.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "devices/devices.h"
#include "ggml-backend.h"
#include "ggml-cpp.h"

namespace {

enum class Mask { none, open, causal };

struct Shape {
    int64_t key_size, value_size, queries;
    Mask    mask;
};

constexpr int64_t heads    = 32;
constexpr int64_t kv_heads = 8;

/// Approximately normal with deviation 1, the same numbers in every run.
float random_number() {
    static uint64_t state = 1;
    int64_t         sum   = 0;
    for (int i = 0; i < 4; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        sum += static_cast<int32_t>(state >> 32);
    }
    return static_cast<float>(sum) / 2147483648.0f * 0.8660254f;
}

std::vector<ggml_fp16_t> random_halves(int64_t count) {
    std::vector<ggml_fp16_t> numbers(count);
    for (ggml_fp16_t & number : numbers) {
        number = ggml_fp32_to_fp16(random_number());
    }
    return numbers;
}

/// Keys that a query sees: the queries are the last tokens.
int64_t seen_by(const Shape & shape, int64_t keys, int64_t query) {
    return shape.mask == Mask::causal ? keys - shape.queries + query + 1 : keys;
}

struct Operands {
    std::vector<float>       queries; ///< [key size, queries, heads]
    std::vector<ggml_fp16_t> keys;    ///< [key size, keys, kv heads]
    std::vector<ggml_fp16_t> values;  ///< [value size, keys, kv heads]
};

/// [value size, heads, queries]
std::vector<float> on_device(ggml_backend_t backend, const Shape & shape, int64_t keys, const Operands & operands) {
    const ggml_context_ptr ctx(ggml_init({16 * ggml_tensor_overhead() + ggml_graph_overhead(), nullptr, true}));
    ggml_tensor *          q = ggml_new_tensor_3d(ctx.get(), GGML_TYPE_F32, shape.key_size, shape.queries, heads);
    ggml_tensor *          k = ggml_new_tensor_3d(ctx.get(), GGML_TYPE_F16, shape.key_size, keys, kv_heads);
    ggml_tensor *          v = ggml_new_tensor_3d(ctx.get(), GGML_TYPE_F16, shape.value_size, keys, kv_heads);
    ggml_tensor *          mask =
        shape.mask == Mask::none ? nullptr : ggml_new_tensor_2d(ctx.get(), GGML_TYPE_F16, keys, shape.queries);
    ggml_tensor * out = ggml_flash_attn_ext(ctx.get(), q, k, v, mask, 1.0f / std::sqrt(float(shape.key_size)), 0, 0);
    ggml_prec_set_acc(out, GGML_PREC_F32);
    if (!ggml_backend_supports_op(backend, out)) {
        return {};
    }
    ggml_cgraph * graph = ggml_new_graph(ctx.get());
    ggml_build_forward_expand(graph, out);
    const ggml_backend_buffer_ptr buffer(ggml_backend_alloc_ctx_tensors(ctx.get(), backend));
    ggml_backend_tensor_set(q, operands.queries.data(), 0, ggml_nbytes(q));
    ggml_backend_tensor_set(k, operands.keys.data(), 0, ggml_nbytes(k));
    ggml_backend_tensor_set(v, operands.values.data(), 0, ggml_nbytes(v));
    if (mask != nullptr) {
        std::vector<ggml_fp16_t> numbers(ggml_nelements(mask));
        for (int64_t query = 0; query < shape.queries; ++query) {
            std::fill(numbers.begin() + query * keys + seen_by(shape, keys, query),
                      numbers.begin() + (query + 1) * keys, ggml_fp32_to_fp16(-INFINITY));
        }
        ggml_backend_tensor_set(mask, numbers.data(), 0, ggml_nbytes(mask));
    }
    if (ggml_backend_graph_compute(backend, graph) != GGML_STATUS_SUCCESS) {
        throw std::runtime_error("the device could not compute");
    }
    std::vector<float> result(ggml_nelements(out));
    ggml_backend_tensor_get(out, result.data(), 0, ggml_nbytes(out));
    return result;
}

/// What one query of one head attends to.
std::vector<double> exactly(const Shape & shape, int64_t keys, const Operands & operands, int64_t head, int64_t query) {
    const float *       q    = &operands.queries[(head * shape.queries + query) * shape.key_size];
    const int64_t       kv   = head / (heads / kv_heads) * keys;
    const int64_t       seen = seen_by(shape, keys, query);
    std::vector<double> weights(seen), sums(shape.value_size);
    for (int64_t j = 0; j < seen; ++j) {
        for (int64_t c = 0; c < shape.key_size; ++c) {
            weights[j] += double(q[c]) * ggml_fp16_to_fp32(operands.keys[(kv + j) * shape.key_size + c]);
        }
        weights[j] /= std::sqrt(double(shape.key_size));
    }
    const double most = *std::max_element(weights.begin(), weights.end());
    double       all  = 0.0;
    for (int64_t j = 0; j < seen; ++j) {
        const double weight = std::exp(weights[j] - most);
        all += weight;
        for (int64_t c = 0; c < shape.value_size; ++c) {
            sums[c] += weight * ggml_fp16_to_fp32(operands.values[(kv + j) * shape.value_size + c]);
        }
    }
    for (double & sum : sums) {
        sum /= all;
    }
    return sums;
}

/// NaN where the device has no kernel for the shape.
double error_of(ggml_backend_t backend, const Shape & shape, int64_t keys) {
    Operands operands;
    operands.queries.resize(shape.key_size * shape.queries * heads);
    std::generate(operands.queries.begin(), operands.queries.end(), random_number);
    operands.keys                   = random_halves(shape.key_size * keys * kv_heads);
    operands.values                 = random_halves(shape.value_size * keys * kv_heads);
    const std::vector<float> result = on_device(backend, shape, keys, operands);
    if (result.empty()) {
        return std::nan("");
    }
    double difference = 0.0, norm = 0.0;
    for (int64_t head = 0; head < heads; head += 5) { // some of them: each takes a while here
        for (int64_t query = head % shape.queries; query < shape.queries; query += 367) {
            const std::vector<double> expected = exactly(shape, keys, operands, head, query);
            for (int64_t c = 0; c < shape.value_size; ++c) {
                const double x = result[(query * heads + head) * shape.value_size + c];
                difference += (x - expected[c]) * (x - expected[c]);
                norm += expected[c] * expected[c];
            }
        }
    }
    return std::sqrt(difference / norm);
}

ggml_backend_dev_t device_named(const std::string & name) {
    for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        ggml_backend_dev_t device = ggml_backend_dev_get(i);
        if (name.empty() ? ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_GPU
                         : name == ggml_backend_dev_name(device)) {
            return device;
        }
    }
    throw std::runtime_error(name.empty() ? "there is no GPU" : "there is no device " + name);
}

} // namespace

int main(int argc, char ** argv) {
    std::string name, list = "1280,4096,32768";
    for (int i = 1; i + 1 < argc; i += 2) {
        (std::strcmp(argv[i], "--device") == 0 ? name : list) = argv[i + 1];
    }
    try {
        longembed::load_backends();
        ggml_backend_dev_t     device = device_named(name);
        const ggml_backend_ptr backend(ggml_backend_dev_init(device, nullptr));
        std::printf("%s: %s\n", ggml_backend_dev_name(device), ggml_backend_dev_description(device));
        std::istringstream words(list);
        for (std::string word; std::getline(words, word, ',');) {
            for (const auto & [k, v] : {std::pair<int, int>{64, 64}, {128, 128}, {256, 128}, {256, 256}}) {
                std::printf("%s keys, heads of %d and %d:", word.c_str(), k, v);
                for (const auto & [queries, mask] :
                     {std::pair<int, Mask>{1, Mask::none}, {64, Mask::none}, {64, Mask::open}, {1100, Mask::causal}}) {
                    std::printf(" %.1e", error_of(backend.get(), {k, v, queries, mask}, std::stoll(word)));
                    std::fflush(stdout);
                }
                std::printf("\n");
            }
        }
    } catch (const std::exception & error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
