#include "repacked_weights.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#if !defined(_WIN32)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "gemm_op.h"
#include "ggml-backend.h"
#include "llama-model.h"
#include "weights.h"

namespace longembed {

namespace {

constexpr size_t cache_line = 64;
constexpr size_t huge_page  = size_t{2} << 20;

/// Memory in huge pages where there are some to fill and the system has them: page faults then take a tenth of the
/// time.
char * new_memory(uint64_t bytes) {
    auto * memory = static_cast<char *>(::operator new(bytes, std::align_val_t(huge_page)));
#if defined(MADV_HUGEPAGE)
    if (bytes >= 4 * huge_page) {
        (void) madvise(memory, bytes, MADV_HUGEPAGE);
    }
#endif
    return memory;
}

/// Whether a tensor is one that our products multiply by: a layer's matrix, or its experts' matrices.
bool is_multiplied(const std::string & name, const ggml_tensor * tensor) {
    return layer_of(name) >= 0 && ggml_n_dims(tensor) > 1 && tensor->data != nullptr &&
           ggml_backend_buffer_is_host(tensor->buffer);
}

template <typename Use> void for_each_weight(const llama_model & model, Use use) {
    for (const auto & [name, tensor] : llama_internal_get_tensor_map(&model)) {
        if (is_multiplied(name, tensor)) {
            use(*tensor);
        }
    }
}

/// Rows of a matrix, filled up to whole panels.
int64_t padded(int64_t rows, int64_t panel) {
    return (rows + panel - 1) / panel * panel;
}

uint64_t repacked_bytes(const ggml_tensor & weight, int64_t panel) {
    const int64_t bytes = panel_weight_bytes(panel_format(weight.type));
    return static_cast<uint64_t>(padded(weight.ne[1], panel) * weight.ne[0] * weight.ne[2] * bytes);
}

/// llama.cpp's name of memory that a file is mapped to.
bool is_mapped(const ggml_tensor & weight) {
    return std::string(ggml_backend_buft_name(ggml_backend_buffer_get_type(weight.buffer))) == "CPU_Mapped";
}

/// Lets the system take the pages within `begin` … `end` of a mapped file, which it reads again where they are used.
/// @return bytes
uint64_t give_back(const char * begin, const char * end) {
#if defined(_WIN32)
    (void) begin, (void) end;
    return 0;
#else
    const auto page  = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    const auto first = (reinterpret_cast<uintptr_t>(begin) + page - 1) / page * page;
    const auto last  = reinterpret_cast<uintptr_t>(end) / page * page;
    const bool gave  = first < last && madvise(reinterpret_cast<void *>(first), last - first, MADV_DONTNEED) == 0;
    return gave ? last - first : 0;
#endif
}

/// Prefetches `bytes` bytes, or up to `end`.
void prefetch(const char * from, const char * end, int64_t bytes) {
#if defined(__GNUC__)
    for (const char * line = from; line < std::min(end, from + bytes); line += cache_line) {
        __builtin_prefetch(line);
    }
#endif
}

/// Rows of one panel, [outputs][k], become [k][panel]. Inputs are taken a few at a time, so that what is written stays
/// in the first-level cache while every row is read in order.
template <typename Number> void transpose(const Number * rows, int64_t outputs, int64_t k, int64_t panel, Number * to) {
    constexpr int64_t at_once = 64;
    for (int64_t first = 0; first < k; first += at_once) {
        const int64_t count = std::min(at_once, k - first);
        for (int64_t out = 0; out < panel; ++out) {
            Number *       column = to + first * panel + out;
            const Number * row    = rows + out * k + first;
            if (out < outputs) {
                for (int64_t i = 0; i < count; ++i) {
                    column[i * panel] = row[i];
                }
            } else {
                for (int64_t i = 0; i < count; ++i) {
                    column[i * panel] = Number{};
                }
            }
        }
    }
}

/// Repacks a tensor piece by piece, so that no more than a piece is in memory twice.
/// @return bytes that were given back
uint64_t repack(const CpuKernels & kernels, const ggml_tensor & weight, char * to) {
    const int64_t      panel       = kernels.panel;
    constexpr int64_t  piece_bytes = 1 << 20;
    const auto         row_bytes   = static_cast<int64_t>(weight.nb[1]);
    const int64_t      some        = std::max<int64_t>(1, piece_bytes / (row_bytes * panel)) * panel;
    const int64_t      to_bytes    = weight.ne[0] * panel_weight_bytes(panel_format(weight.type));
    const char * const begin       = static_cast<const char *>(weight.data);
    const char *       from        = begin;
    for (int64_t matrix = 0; matrix < weight.ne[2]; ++matrix) {
        for (int64_t out = 0; out < weight.ne[1]; out += some) {
            const int64_t rows = std::min(some, weight.ne[1] - out);
            pack_panels(kernels, weight.type, from, rows, weight.ne[0], to);
            if (is_mapped(weight)) {
                give_back(from, from + rows * row_bytes);
            }
            from += rows * row_bytes;
            to += padded(rows, panel) * to_bytes;
        }
    }
    // once more: pages that two pieces share, and those that reading brought back around the ones it needed
    return is_mapped(weight) ? give_back(begin, begin + ggml_nbytes(&weight)) : 0;
}

} // namespace

WeightFormat panel_format(ggml_type type) {
    switch (type) {
        case GGML_TYPE_F16: return WeightFormat::f16;
        case GGML_TYPE_BF16: return WeightFormat::bf16;
        default: return WeightFormat::f32;
    }
}

void pack_panels(const CpuKernels & kernels, ggml_type type, const char * rows, int64_t n, int64_t k, char * to) {
    const int64_t      panel     = kernels.panel;
    const WeightFormat format    = panel_format(type);
    const auto         row_bytes = static_cast<int64_t>(ggml_row_size(type, k));
    float * const      scratch   = scratch_floats(kernels.gemm_scratch(0, k));
    GemmTile           weights{};
    weights.weights       = rows;
    weights.weight_stride = row_bytes;
    weights.n             = n;
    weights.k             = k;
    set_weights(weights, kernels, type);
    for (int64_t out = 0; out < n; out += panel) {
        const char * from = rows + out * row_bytes;
        prefetch(from + panel * row_bytes, rows + n * row_bytes, panel * row_bytes);
        if (format == WeightFormat::f32) {
            kernels.pack_panel(weights, out, reinterpret_cast<float *>(to), scratch);
        } else {
            transpose(reinterpret_cast<const uint16_t *>(from), std::min(panel, n - out), k, panel,
                      reinterpret_cast<uint16_t *>(to));
        }
        to += panel * k * panel_weight_bytes(format);
    }
}

void transpose_weights(ggml_type type, const char * rows, int64_t n, int64_t k, char * to) {
    if (panel_format(type) != WeightFormat::f32) {
        transpose(reinterpret_cast<const uint16_t *>(rows), n, k, n, reinterpret_cast<uint16_t *>(to));
    } else if (type == GGML_TYPE_F32) {
        transpose(reinterpret_cast<const float *>(rows), n, k, n, reinterpret_cast<float *>(to));
    } else {
        std::vector<float> floats(n * k);
        ggml_get_type_traits(type)->to_float(rows, floats.data(), n * k);
        transpose(floats.data(), n, k, n, reinterpret_cast<float *>(to));
    }
}

void RepackedWeights::Free::operator()(char * memory) const {
    ::operator delete(memory, std::align_val_t(huge_page));
}

bool RepackedWeights::fit(const llama_model & model, const CpuKernels & kernels, uint64_t available) {
    uint64_t total = 0;
    uint64_t added = 0;
    for_each_weight(model, [&](const ggml_tensor & weight) {
        const uint64_t bytes = repacked_bytes(weight, kernels.panel);
        total += bytes;
        added += bytes - (is_mapped(weight) ? std::min<uint64_t>(bytes, ggml_nbytes(&weight)) : 0);
    });
    return total <= available / total_part && added <= available / added_part;
}

RepackedWeights::RepackedWeights(const llama_model & model, const CpuKernels & kernels, const ForEach & for_each,
                                 Control & control)
    : panel_(kernels.panel) {
    std::vector<const ggml_tensor *> weights;
    std::vector<uint64_t>            begins;
    uint64_t                         bytes = 0;
    for_each_weight(model, [&](const ggml_tensor & weight) {
        weights.push_back(&weight);
        begins.push_back(bytes);
        bytes += (repacked_bytes(weight, panel_) + cache_line - 1) / cache_line * cache_line;
    });
    memory_.reset(new_memory(bytes));
    added_bytes_ = bytes;
    for (size_t i = 0; i < weights.size(); ++i) {
        const ggml_tensor & weight = *weights[i];
        const char * const  begin  = static_cast<const char *>(weight.data);
        matrices_[begin]           = {begin + ggml_nbytes(&weight),
                                      static_cast<int64_t>(weight.nb[1]),
                                      weight.ne[1],
                                      weight.ne[0],
                                      {memory_.get() + begins[i], panel_format(weight.type)}};
    }
    std::vector<uint64_t> given(weights.size(), 0);
    for_each(static_cast<int64_t>(weights.size()), [&](int64_t i) {
        control.check();
        given[i] = repack(kernels, *weights[i], memory_.get() + begins[i]);
    });
    for (const uint64_t bytes : given) {
        added_bytes_ -= std::min(added_bytes_, bytes);
    }
}

WeightPanels RepackedWeights::find(const char * row) const {
    auto after = matrices_.upper_bound(row);
    if (after == matrices_.begin()) {
        return {};
    }
    const Matrices & found = (--after)->second;
    if (row >= found.end) {
        return {};
    }
    const int64_t number = (row - after->first) / found.row_bytes; // counted through all of its matrices
    const int64_t matrix = number / found.rows;
    const int64_t out    = number % found.rows;
    if (out % panel_ != 0) {
        return {};
    }
    WeightPanels panels = found.panels;
    panels.data += (matrix * padded(found.rows, panel_) + out) * found.inputs * panel_weight_bytes(panels.format);
    return panels;
}

} // namespace longembed
