// Compares every operation that the graphs of a model use on a device with the CPU's, one by one: a fault of a driver
// or of ggml's support for a device shows by the operation's name.
//
//   longembed-operations MODEL [--backend NAME] [--all]
//
// Embeds texts with every kind of attention and pooling. Of each operation that the device computes, its operands are
// read back and computed again on the CPU. A line for each kind of operation, with the largest relative error and where
// it was; with --all a line for each shape. The exit status is 1 if an error is above what its types allow.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "devices/devices.h"
#include "ggml-backend-impl.h"
#include "ggml-cpp.h"
#include "ggml-cpu.h"
#include "graph/stream.h"
#include "model.h"

namespace {

std::string shape_of(const ggml_tensor * t) {
    std::ostringstream text;
    text << ggml_type_name(t->type) << '[';
    const int dimensions = ggml_n_dims(t);
    for (int i = 0; i < dimensions; ++i) {
        text << (i > 0 ? "," : "") << t->ne[i];
    }
    text << ']';
    if (!ggml_is_contiguous(t)) {
        text << " strides";
        for (int i = 0; i < dimensions; ++i) {
            text << ' ' << t->nb[i];
        }
    }
    return text.str();
}

/// Types, and which operands have gaps or are permuted.
std::string kind_of(const ggml_tensor * t) {
    const auto layout = [](const ggml_tensor * x) {
        return std::string(ggml_type_name(x->type)) + (ggml_is_contiguous(x) ? ""
                                                       : ggml_is_permuted(x) ? " permuted"
                                                                             : " with gaps");
    };
    std::string kind = ggml_op_desc(t);
    // the least that any Vulkan device may ask of a buffer's parts
    const auto offset = [](const ggml_tensor * x) { return x->view_src != nullptr && x->view_offs % 16 != 0; };
    for (int i = 0; i < GGML_MAX_SRC && t->src[i] != nullptr; ++i) {
        kind += (i == 0 ? ": " : ", ") + layout(t->src[i]) + (offset(t->src[i]) ? " unaligned" : "");
    }
    if (t->op == GGML_OP_MUL_MAT) {
        kind += t->src[1]->ne[1] == 1 ? ", one column" : "";
    }
    return kind + " -> " + layout(t);
}

std::string shapes_of(const ggml_tensor * t) {
    std::string shapes;
    for (int i = 0; i < GGML_MAX_SRC && t->src[i] != nullptr; ++i) {
        shapes += (i == 0 ? "" : ", ") + shape_of(t->src[i]);
    }
    return shapes + " -> " + shape_of(t);
}

/// The relative error that rounding explains. Products with quantized weights round activations to 8 bits, on the CPU
/// too, and each side in its own way.
double allowed_for(const ggml_tensor * t) {
    switch (t->op) {
        case GGML_OP_MUL_MAT:
        case GGML_OP_MUL_MAT_ID:
            // a GPU may sum products of halves as halves
            return ggml_is_quantized(t->src[0]->type) ? 2e-2 : t->src[0]->type == GGML_TYPE_F32 ? 1e-3 : 5e-3;
        case GGML_OP_FLASH_ATTN_EXT: return 5e-3;
        case GGML_OP_CPY:
        case GGML_OP_CONT:
        case GGML_OP_CONCAT:
        case GGML_OP_PAD:
        case GGML_OP_GET_ROWS: return t->type == GGML_TYPE_F32 ? 1e-6 : 1e-3;
        default: return 1e-3;
    }
}

float number_at(const std::vector<uint8_t> & bytes, const ggml_tensor * t, const int64_t * at) {
    const uint8_t * place = bytes.data() + at[0] * t->nb[0] + at[1] * t->nb[1] + at[2] * t->nb[2] + at[3] * t->nb[3];
    if (t->type == GGML_TYPE_F16) {
        ggml_fp16_t half;
        std::memcpy(&half, place, sizeof(half));
        return ggml_fp16_to_fp32(half);
    }
    float number;
    std::memcpy(&number, place, sizeof(number));
    return number;
}

/// ‖a − b‖ / ‖b‖ over the tensor's numbers; equal infinities count as equal.
double relative_error(const std::vector<uint8_t> & a, const std::vector<uint8_t> & b, const ggml_tensor * t) {
    double  difference = 0.0, norm = 0.0;
    int64_t at[4];
    for (at[3] = 0; at[3] < t->ne[3]; ++at[3]) {
        for (at[2] = 0; at[2] < t->ne[2]; ++at[2]) {
            for (at[1] = 0; at[1] < t->ne[1]; ++at[1]) {
                for (at[0] = 0; at[0] < t->ne[0]; ++at[0]) {
                    const double x = number_at(a, t, at), y = number_at(b, t, at);
                    if (x == y) {
                        norm += std::isfinite(y) ? y * y : 0.0;
                        continue;
                    }
                    difference += (x - y) * (x - y);
                    norm += y * y;
                }
            }
        }
    }
    return difference == 0.0 ? 0.0 : std::sqrt(difference / norm);
}

struct Finding {
    int         shapes  = 0;
    double      worst   = 0.0;
    double      allowed = 0.0;
    std::string where;
};

class Comparison {
public:
    explicit Comparison(bool all) : all_(all), cpu_(ggml_backend_dev_init(longembed::cpu_device(), nullptr)) {
        // ggml's threads spin while they wait: on a busy machine, one is faster
        ggml_backend_reg_t registry = ggml_backend_dev_backend_reg(longembed::cpu_device());
        const auto         set      = reinterpret_cast<ggml_backend_set_n_threads_t>(
            ggml_backend_reg_get_proc_address(registry, "ggml_backend_set_n_threads"));
        set(cpu_.get(), 1);
    }

    static bool observe(ggml_tensor * t, bool ask, void * data) {
        auto & self = *static_cast<Comparison *>(data);
        return ask ? self.before(t) : self.after(t);
    }

    /// @return whether all errors are allowed
    bool report() const {
        bool good = true;
        for (const auto & [kind, finding] : findings_) {
            const bool passes = finding.worst <= finding.allowed;
            good              = good && passes;
            std::printf("%s %-92s %4d shapes, error %.1e%s%s\n", passes ? "ok  " : "FAIL", kind.c_str(), finding.shapes,
                        finding.worst, passes ? "" : " at ", passes ? "" : finding.where.c_str());
        }
        std::printf("%zu kinds of operations, %zu shapes\n", findings_.size(), seen_.size());
        return good && !findings_.empty();
    }

private:
    static bool is_computed(const ggml_tensor * t) {
        return t->op != GGML_OP_NONE && t->op != GGML_OP_VIEW && t->op != GGML_OP_RESHAPE && t->op != GGML_OP_PERMUTE &&
               t->op != GGML_OP_TRANSPOSE;
    }

    static bool is_compared(const ggml_tensor * t) { return t->type == GGML_TYPE_F32 || t->type == GGML_TYPE_F16; }

    static std::vector<uint8_t> bytes_of(const ggml_tensor * t) {
        std::vector<uint8_t> bytes(ggml_nbytes(t));
        ggml_backend_tensor_get(t, bytes.data(), 0, bytes.size());
        return bytes;
    }

    bool before(ggml_tensor * t) {
        // operations that are not looked at would be computed together with the next, after its operands are read
        operands_.clear();
        compares_ = false;
        if (!is_computed(t)) {
            return false;
        }
        if (!is_compared(t) || ggml_backend_buffer_is_host(t->view_src != nullptr ? t->view_src->buffer : t->buffer) ||
            seen_[kind_of(t) + shapes_of(t)]++ > 0) {
            return true;
        }
        compares_ = true;
        for (int i = 0; i < GGML_MAX_SRC && t->src[i] != nullptr; ++i) {
            operands_.push_back(bytes_of(t->src[i]));
        }
        // what an operation leaves as it is, gaps and all else
        result_ = t->view_src != nullptr ? bytes_of(t) : std::vector<uint8_t>(ggml_nbytes(t));
        return true;
    }

    bool after(ggml_tensor * t) {
        if (!compares_) {
            return true;
        }
        const std::vector<uint8_t> theirs = bytes_of(t);
        compute_on_cpu(t);
        const double error   = relative_error(theirs, result_, t);
        Finding &    finding = findings_[kind_of(t)];
        ++finding.shapes;
        finding.allowed = allowed_for(t);
        if (!(error <= finding.worst)) {
            finding.worst = error;
            finding.where = shapes_of(t);
        }
        if (all_) {
            std::printf("     %.1e %s: %s\n", error, ggml_op_desc(t), shapes_of(t).c_str());
        }
        return true;
    }

    /// Leaves the result in result_.
    void compute_on_cpu(const ggml_tensor * t) {
        const ggml_context_ptr ctx(ggml_init({64 * ggml_tensor_overhead() + ggml_graph_overhead(), nullptr, true}));
        std::vector<ggml_backend_buffer_ptr> buffers;
        const auto                           keep_in = [&](std::vector<uint8_t> & bytes, ggml_tensor * tensor) {
            buffers.emplace_back(ggml_backend_cpu_buffer_from_ptr(aligned(bytes), bytes.size() - alignment));
            tensor->buffer = buffers.back().get();
            tensor->data   = aligned(bytes);
            return tensor;
        };
        const auto place = [&](const ggml_tensor * like, std::vector<uint8_t> & bytes) {
            ggml_tensor * copy = ggml_new_tensor(ctx.get(), like->type, GGML_MAX_DIMS, like->ne);
            std::copy_n(like->nb, GGML_MAX_DIMS, copy->nb);
            return keep_in(bytes, copy);
        };
        std::vector<std::vector<uint8_t>> memory, floats;
        for (const std::vector<uint8_t> & bytes : operands_) {
            memory.push_back(in_line(bytes));
        }
        std::vector<uint8_t> out  = in_line(result_);
        ggml_tensor *        node = place(t, out);
        node->op                  = t->op;
        std::memcpy(node->op_params, t->op_params, sizeof(t->op_params));
        for (size_t i = 0; i < memory.size(); ++i) {
            node->src[i] = place(t->src[i], memory[i]);
            // of one query, ggml's CPU kernel adds up values of halves in halves
            if (t->op == GGML_OP_FLASH_ATTN_EXT && (i == 1 || i == 2)) {
                ggml_tensor * exact = ggml_cast(ctx.get(), node->src[i], GGML_TYPE_F32);
                floats.emplace_back(ggml_nbytes(exact) + 3 * alignment);
                node->src[i] = keep_in(floats.back(), exact);
            }
        }
        ggml_cgraph * graph = ggml_new_graph(ctx.get());
        ggml_build_forward_expand(graph, node);
        ggml_backend_graph_compute(cpu_.get(), graph);
        std::copy_n(static_cast<const uint8_t *>(node->data), result_.size(), result_.begin());
    }

    static constexpr size_t alignment = 64;

    static uint8_t * aligned(std::vector<uint8_t> & bytes) {
        const auto address = reinterpret_cast<uintptr_t>(bytes.data());
        return bytes.data() + (alignment - address % alignment) % alignment;
    }

    /// A copy whose first aligned byte is the first of these, with room after it: ggml reads whole vectors.
    static std::vector<uint8_t> in_line(const std::vector<uint8_t> & bytes) {
        std::vector<uint8_t> room;
        room.resize(bytes.size() + 3 * alignment);
        std::copy(bytes.begin(), bytes.end(), aligned(room));
        return room;
    }

    const bool                        all_;
    ggml_backend_ptr                  cpu_;
    std::map<std::string, int>        seen_;
    std::map<std::string, Finding>    findings_;
    std::vector<std::vector<uint8_t>> operands_;
    std::vector<uint8_t>              result_;
    bool                              compares_ = false;
};

struct Texts {
    std::vector<int32_t> lengths;
    longembed::Pooling   pooling;
};

void embed(longembed::Model & model, const Texts & texts, bool self_extend, longembed::Control & control) {
    const longembed::Facts & facts = model.facts();
    std::vector<int32_t>     lengths;
    for (const int32_t length : texts.lengths) {
        lengths.push_back(facts.position_rows > 0 ? std::min(length, facts.position_rows) : length);
    }
    std::vector<int32_t> ids;
    uint32_t             state = 7;
    for (const int32_t length : lengths) {
        for (int32_t i = 0; i < length; ++i) {
            state = state * 1664525u + 1013904223u;
            ids.push_back(static_cast<int32_t>((state >> 8) % static_cast<uint32_t>(model.vocabulary().size())));
        }
    }
    std::vector<float> factors(ids.size());
    for (size_t i = 0; i < factors.size(); ++i) {
        factors[i] = 1.0f + 0.001f * static_cast<float>(i % 300);
    }
    longembed::Batch batch;
    batch.tokens      = ids.data();
    batch.n_tokens    = static_cast<int64_t>(ids.size());
    batch.lengths     = lengths.data();
    batch.n_sequences = static_cast<int64_t>(lengths.size());
    batch.pooling     = texts.pooling;
    batch.logit_scale = factors.data();
    if (self_extend) {
        batch.self_extend_group  = 5;
        batch.self_extend_window = 40;
    }
    std::vector<float> out(lengths.size() * facts.dimensions);
    model.embed(batch, out.data(), control);
}

} // namespace

int main(int argc, char ** argv) {
    std::string path, backend = "auto";
    bool        all = false;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--backend" && i + 1 < argc) {
            backend = argv[++i];
        } else if (word == "--all") {
            all = true;
        } else {
            path = word;
        }
    }
    if (path.empty()) {
        std::fprintf(stderr, "usage: longembed-operations MODEL [--backend NAME] [--all]\n");
        return 2;
    }
    try {
        longembed::load_backends();
        Comparison comparison(all);
        longembed::observe_operations({Comparison::observe, &comparison});
        longembed::LoadOptions options;
        options.backend = backend;
        longembed::Control control;
        try {
            // the check of the device computes small blocks, which are operations on parts of tensors
            const auto model = longembed::Model::load(path, options, control);
            for (const Texts & texts :
                 {Texts{{1, 1, 7, 40, 40, 300}, longembed::Pooling::mean},
                  Texts{{33, 300, 300}, longembed::Pooling::cls}, Texts{{33, 300, 600}, longembed::Pooling::last}}) {
                embed(*model, texts, false, control);
                if (model->facts().engine == longembed::EngineKind::graph &&
                    model->facts().position_encoding == longembed::PositionEncoding::rope) {
                    embed(*model, texts, true, control);
                }
            }
        } catch (const longembed::Error & error) {
            std::printf("FAIL %s\n", error.what()); // the operations say why
            comparison.report();
            return 1;
        }
        return comparison.report() ? 0 : 1;
    } catch (const longembed::Error & error) {
        std::fprintf(stderr, "%s: %s\n", longembed::error_name(error.code()), error.what());
        return 2;
    }
}
