// The GEMM kernel against double precision: every weight type and epilogue, at shapes that are no multiples of any
// tile.

#include <cmath>
#include <cstring>
#include <limits>

#include "ggml.h"
#include "ops/gemm_op.h"
#include "ops/repacked_weights.h"
#include "testing.h"

namespace longembed::test {

namespace {

struct Shape {
    int64_t tokens;
    int64_t n;
    int64_t k;
};

constexpr Epilogue epilogues[] = {Epilogue::none, Epilogue::gelu, Epilogue::residual_add, Epilogue::swiglu_gate};
constexpr float    untouched   = 12345.0f;

std::string text_of(const Shape & shape) {
    return std::to_string(shape.tokens) + " tokens, n " + std::to_string(shape.n) + ", k " + std::to_string(shape.k);
}

/// Shapes around the sizes of vectors, register tiles and blocks, and random ones; k is a multiple of the type's block.
std::vector<Shape> shapes(int64_t block) {
    std::vector<Shape> found;
    for (const Shape & shape :
         {Shape{1, 1, 1}, Shape{5, 15, 7}, Shape{6, 16, 32}, Shape{7, 17, 33}, Shape{13, 63, 255}, Shape{12, 64, 256},
          Shape{3, 65, 1023}, Shape{6, 33, 1024}, Shape{7, 31, 1025}, Shape{2, 130, 2050}, Shape{16, 32, 32},
          Shape{33, 40, 300}, Shape{49, 300, 96}, Shape{70, 257, 520}, Shape{97, 33, 31}, Shape{67, 35, 4099}}) {
        found.push_back(shape);
    }
    Random random(static_cast<uint32_t>(block));
    for (int i = 0; i < 8; ++i) {
        found.push_back({random.whole(1, 20), random.whole(1, 150), random.whole(1, 1500)});
    }
    for (Shape & shape : found) {
        shape.k = (shape.k + block - 1) / block * block;
    }
    return found;
}

float rounded_to_bf16(float number) {
    return ggml_bf16_to_fp32(ggml_fp32_to_bf16(number));
}

/// Arguments of one call and the sums that it should compute. Rows of x, operand and y have gaps between them.
struct Case {
    Case(ggml_type type, const Shape & shape, bool with_bias, Precision precision, Random & random)
        : type(type), shape(shape), x_stride(shape.k + 3), y_stride(shape.n + 5),
          x(random.reals(shape.tokens * x_stride)), bias(with_bias ? random.reals(shape.n) : std::vector<float>()),
          operand(random.reals(shape.tokens * y_stride, 4.0f)), weights(ggml_row_size(type, shape.k) * shape.n) {
        const std::vector<float> floats = random.reals(shape.n * shape.k);
        ggml_quantize_chunk(type, floats.data(), weights.data(), 0, shape.n, shape.k, nullptr);
        std::vector<float> exact(floats.size());
        if (type == GGML_TYPE_F32) {
            exact = floats;
        } else {
            ggml_get_type_traits(type)->to_float(weights.data(), exact.data(), static_cast<int64_t>(exact.size()));
        }
        const auto factor = [precision](float number) {
            return static_cast<double>(precision == Precision::bf16 ? rounded_to_bf16(number) : number);
        };
        for (int64_t token = 0; token < shape.tokens; ++token) {
            for (int64_t out = 0; out < shape.n; ++out) {
                double sum       = with_bias ? bias[out] : 0.0;
                double magnitude = std::fabs(sum);
                for (int64_t i = 0; i < shape.k; ++i) {
                    const double product = factor(x[token * x_stride + i]) * factor(exact[out * shape.k + i]);
                    sum += product;
                    magnitude += std::fabs(product);
                }
                sums.push_back(sum);
                magnitudes.push_back(magnitude);
            }
        }
    }

    GemmTile tile(const CpuKernels & kernels, Epilogue epilogue, float * y) const {
        GemmTile t{};
        t.x             = x.data();
        t.x_stride      = x_stride;
        t.tokens        = shape.tokens;
        t.k             = shape.k;
        t.weights       = weights.data();
        t.weight_stride = static_cast<int64_t>(ggml_row_size(type, shape.k));
        set_weights(t, kernels, type);
        t.n        = shape.n;
        t.bias     = bias.empty() ? nullptr : bias.data();
        t.epilogue = epilogue;
        t.operand  = epilogue == Epilogue::residual_add || epilogue == Epilogue::swiglu_gate ? operand.data() : nullptr;
        t.operand_stride = y_stride;
        t.y              = y;
        t.y_stride       = y_stride;
        return t;
    }

    ggml_type           type;
    Shape               shape;
    int64_t             x_stride;
    int64_t             y_stride;
    std::vector<float>  x;
    std::vector<float>  bias;
    std::vector<float>  operand;
    std::vector<char>   weights;
    std::vector<double> sums;       ///< [tokens][n], bias included
    std::vector<double> magnitudes; ///< sums of the terms' magnitudes
};

double with_epilogue(Epilogue epilogue, double sum, double operand) {
    switch (epilogue) {
        case Epilogue::gelu: return 0.5 * sum * std::erfc(-sum / std::sqrt(2.0));
        case Epilogue::residual_add: return sum + operand;
        case Epilogue::swiglu_gate: return sum * operand / (1.0 + std::exp(-operand));
        default: return sum;
    }
}

void run(const CpuKernels & kernels, const GemmTile & tile) {
    kernels.gemm(tile, scratch_floats(kernels.gemm_scratch(tile.tokens, tile.k)));
}

void check_values(const CpuKernels & kernels, const Case & c, Epilogue epilogue) {
    std::vector<float> y(c.shape.tokens * c.y_stride, untouched);
    run(kernels, c.tile(kernels, epilogue, y.data()));
    // rounding errors of k additions in random directions, with room, and the terms' own ones, which partly cancel too
    const double terms    = std::sqrt(static_cast<double>(c.shape.k));
    const double relative = 1.2e-7 * (8.0 + terms) + static_cast<double>(kernels.term_error) / terms;
    for (int64_t token = 0; token < c.shape.tokens; ++token) {
        for (int64_t out = 0; out < c.y_stride; ++out) {
            const float computed = y[token * c.y_stride + out];
            if (out >= c.shape.n) {
                expect(computed == untouched, text_of(c.shape) + ": wrote past the last output");
                continue;
            }
            const double operand  = c.operand[token * c.y_stride + out];
            const double expected = with_epilogue(epilogue, c.sums[token * c.shape.n + out], operand);
            const double factor   = epilogue == Epilogue::swiglu_gate ? std::max(1.0, std::fabs(operand)) : 1.2;
            const double tolerance =
                relative * factor * c.magnitudes[token * c.shape.n + out] + 1e-6 * std::fabs(expected) + 1e-7;
            expect(std::fabs(computed - expected) <= tolerance,
                   text_of(c.shape) + ", epilogue " + std::to_string(static_cast<int>(epilogue)) + ": output " +
                       std::to_string(out) + " of token " + std::to_string(token) + " is " + std::to_string(computed) +
                       ", not " + std::to_string(expected));
        }
    }
}

/// The last token and the last output alone must have the same bits as among others.
void check_independence(const CpuKernels & kernels, const Case & c) {
    std::vector<float> y(c.shape.tokens * c.y_stride);
    GemmTile           tile = c.tile(kernels, Epilogue::gelu, y.data());
    run(kernels, tile);

    float alone = 0.0f;
    tile.x += (c.shape.tokens - 1) * c.x_stride;
    tile.tokens = 1;
    tile.weights += (c.shape.n - 1) * tile.weight_stride;
    tile.bias = tile.bias == nullptr ? nullptr : tile.bias + c.shape.n - 1;
    tile.n    = 1;
    tile.y    = &alone;
    run(kernels, tile);
    const float among_others = y[(c.shape.tokens - 1) * c.y_stride + c.shape.n - 1];
    expect(std::memcmp(&alone, &among_others, sizeof(alone)) == 0, text_of(c.shape) + ": an output depends on others");
}

/// Weights that were repacked must give the same bits as those of the file, also from a later panel on.
void check_panels(const CpuKernels & kernels, const Case & c, Epilogue epilogue) {
    const WeightFormat format = panel_format(c.type);
    const int64_t      bytes  = panel_weight_bytes(format);
    const int64_t      padded = (c.shape.n + kernels.panel - 1) / kernels.panel * kernels.panel;
    std::vector<char>  panels(padded * c.shape.k * bytes, 'x');
    pack_panels(kernels, c.type, c.weights.data(), c.shape.n, c.shape.k, panels.data());

    std::vector<float> from_rows(c.shape.tokens * c.y_stride, untouched);
    std::vector<float> from_panels = from_rows;
    for (const int64_t first : {int64_t{0}, (c.shape.n - 1) / kernels.panel * kernels.panel}) {
        const auto compute = [&](std::vector<float> & y, bool with_panels) {
            GemmTile tile = c.tile(kernels, epilogue, y.data() + first);
            tile.n -= first;
            tile.weights += first * tile.weight_stride;
            tile.bias    = tile.bias == nullptr ? nullptr : tile.bias + first;
            tile.operand = tile.operand == nullptr ? nullptr : tile.operand + first;
            if (with_panels) {
                tile.panels = {panels.data() + first * c.shape.k * bytes, format};
            }
            run(kernels, tile);
        };
        compute(from_rows, false);
        compute(from_panels, true);
        expect(std::memcmp(from_rows.data(), from_panels.data(), from_rows.size() * sizeof(float)) == 0,
               text_of(c.shape) + ": panels from output " + std::to_string(first) + " give other bits");
    }
}

/// Numbers that are infinite, no numbers, near the largest float, or below the smallest normal one; in the middle of
/// rows of ordinary ones. Among 40 tokens and outputs only those that meet one may show it.
void check_extremes(const CpuKernels & kernels, float extreme, bool in_weights) {
    constexpr int64_t  tokens = 40;
    constexpr int64_t  n      = 40;
    constexpr int64_t  k      = 300;
    constexpr int64_t  at     = 33; // the token or the output with the number
    Random             random(3);
    std::vector<float> x                    = random.reals(tokens * k);
    std::vector<float> weights              = random.reals(n * k);
    (in_weights ? weights : x)[at * k + 77] = extreme;
    for (int64_t i = 0; i < std::max(tokens, n); ++i) {
        (in_weights ? x : weights)[i * k + 77] = i % 2 == 0 ? 0.25f : -0.5f; // its factors
    }

    std::vector<float> y(tokens * n, untouched);
    GemmTile           tile{};
    tile.x             = x.data();
    tile.x_stride      = k;
    tile.tokens        = tokens;
    tile.k             = k;
    tile.weights       = reinterpret_cast<const char *>(weights.data());
    tile.weight_stride = k * static_cast<int64_t>(sizeof(float));
    set_weights(tile, kernels, GGML_TYPE_F32);
    tile.n        = n;
    tile.y        = y.data();
    tile.y_stride = n;
    run(kernels, tile);
    for (int64_t token = 0; token < tokens; ++token) {
        for (int64_t out = 0; out < n; ++out) {
            double sum = 0.0;
            for (int64_t i = 0; i < k; ++i) {
                sum += static_cast<double>(x[token * k + i]) * weights[out * k + i];
            }
            const float  computed  = y[token * n + out];
            const double tolerance = 1e-4 + 1e-5 * std::fabs(sum);
            const bool   is_right  = std::isnan(sum)   ? std::isnan(computed)
                                     : std::isinf(sum) ? computed == static_cast<float>(sum)
                                                       : std::fabs(computed - sum) <= tolerance;
            expect(is_right, std::string(in_weights ? "a weight" : "an activation") + " of " + std::to_string(extreme) +
                                 ": output " + std::to_string(out) + " of token " + std::to_string(token) + " is " +
                                 std::to_string(computed) + ", not " + std::to_string(sum));
        }
    }
}

int pauses = 0;

/// No product of any length keeps a thread from giving way.
void check_pauses(const KernelVariant & variant, const CpuKernels & kernels) {
    for (const Shape & shape : {Shape{100, 500, 300}, Shape{100, 500, 4096}}) {
        Random             random(9);
        const Case         c(GGML_TYPE_F32, shape, false, variant.precision, random);
        std::vector<float> y(shape.tokens * c.y_stride);
        GemmTile           tile = c.tile(kernels, Epilogue::none, y.data());
        tile.pause              = [] { ++pauses; };
        pauses                  = 0;
        run(kernels, tile);
        // 32 outputs and 4,096 inputs of 512 tokens take a millisecond or two
        expect(pauses >= shape.n / 64, text_of(shape) + ": only " + std::to_string(pauses) + " pauses");
    }
}

/// GELU of numbers from −8 to 8 and far beyond, which have eight bits, so that the products are exact in BF16 too.
void check_gelu(const CpuKernels & kernels) {
    std::vector<float> x = {-1e30f, -9984.0f, -100.0f, -20.0f, 20.0f, 100.0f, 9984.0f, std::nanf("")};
    for (int i = -128; i <= 128; ++i) {
        x.push_back(static_cast<float>(i) / 16.0f);
    }
    const auto tokens = static_cast<int64_t>(x.size());
    for (const int64_t outputs : {int64_t{5}, gemm_nc}) { // a part of a panel, and all
        const std::vector<float> weights(outputs, 1.0f);
        std::vector<float>       y(tokens * outputs);
        GemmTile                 tile{};
        tile.x             = x.data();
        tile.x_stride      = 1;
        tile.tokens        = tokens;
        tile.k             = 1;
        tile.weights       = reinterpret_cast<const char *>(weights.data());
        tile.weight_stride = sizeof(float);
        tile.n             = outputs;
        tile.epilogue      = Epilogue::gelu;
        tile.y             = y.data();
        tile.y_stride      = outputs;
        set_weights(tile, kernels, GGML_TYPE_F32);
        run(kernels, tile);
        for (int64_t at = 0; at < tokens * outputs; ++at) {
            const double number   = x[at / outputs];
            const double expected = with_epilogue(Epilogue::gelu, number, 0.0);
            const bool   is_right = std::isnan(number) ? std::isnan(y[at])
                                    : number < -5.5    ? y[at] == 0.0f
                                                       : std::fabs(y[at] - expected) <= 2.5e-7 * std::fabs(number);
            expect(is_right, "GELU of " + std::to_string(number) + " is " + std::to_string(y[at]) + ", not " +
                                 std::to_string(expected));
        }
    }
}

} // namespace

void add_gemm_tests(std::vector<Test> & tests) {
    for (const ggml_type type : {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0, GGML_TYPE_Q4_0,
                                 GGML_TYPE_Q5_0, GGML_TYPE_Q4_K, GGML_TYPE_Q5_K, GGML_TYPE_Q6_K}) {
        add_for_variants(tests, std::string("gemm with ") + ggml_type_name(type) + " weights",
                         [type](const KernelVariant & variant, const CpuKernels & kernels) {
                             Random random(7);
                             bool   with_bias = false;
                             for (const Shape & shape : shapes(ggml_blck_size(type))) {
                                 with_bias = !with_bias;
                                 const Case c(type, shape, with_bias, variant.precision, random);
                                 for (const Epilogue epilogue : epilogues) {
                                     check_values(kernels, c, epilogue);
                                     if (kernels.panel > 0) {
                                         check_panels(kernels, c, epilogue);
                                     }
                                 }
                                 check_independence(kernels, c);
                             }
                         });
    }
    add_for_variants(tests, "gemm with GELU",
                     [](const KernelVariant &, const CpuKernels & kernels) { check_gelu(kernels); });
    add_for_variants(tests, "gemm gives way", check_pauses);
    add_for_variants(tests, "gemm with extreme numbers", [](const KernelVariant & variant, const CpuKernels & kernels) {
        if (variant.precision != Precision::full) {
            throw Skip("BF16 numbers are less precise near the largest float");
        }
        const float infinity = std::numeric_limits<float>::infinity();
        for (const float extreme : {infinity, -infinity, std::nanf(""), 3.39e38f, 3.4e38f, -3.4e38f, 1e-39f, 1e-45f}) {
            check_extremes(kernels, extreme, false);
            check_extremes(kernels, extreme, true);
        }
    });
}

} // namespace longembed::test
