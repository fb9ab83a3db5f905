// Between a layer's products ggml writes and reads each activation several times: every product rounds its own copy to
// halves, a sum of two tensors is an operation of its own, and so is each of the two rotations (docs/gpu.md). Here
//
// - a norm, a gate, or attention writes halves at once, where nothing but products reads them; they lie where the
//   tensor's memory begins, and the tensor bears a mark;
// - a product is added to what is there already, where the graph adds it in place;
// - two rotations become one.
//
// Halves are what the products would have rounded these numbers to: nothing gets coarser.

#include "fused_operations.cuh"

#include <cstdlib>

#include "convert.cuh"
#include "fused_kernels.cuh"
#include "mmq.cuh"
#include "unpacked_weights.cuh"

namespace longembed {

namespace {

constexpr int32_t kept_as_halves = 1 << 16; // in ggml_tensor::flags

constexpr int64_t min_columns = 64; // below, ggml has other kernels for products
constexpr int     max_ahead   = 64; // nodes among which a tensor's readers are looked for

static bool is_float(const ggml_tensor * t) {
    return t->type == GGML_TYPE_F32;
}

static bool is_aligned(const ggml_tensor * t, size_t bytes) {
    return reinterpret_cast<uintptr_t>(t->data) % bytes == 0 && t->nb[1] % bytes == 0 && t->nb[2] % bytes == 0;
}

static bool is_matrix(const ggml_tensor * t) {
    return t->ne[2] == 1 && t->ne[3] == 1;
}

static bool overlap(const ggml_tensor * a, const ggml_tensor * b) {
    const char * start_a = static_cast<const char *>(a->data);
    const char * start_b = static_cast<const char *>(b->data);
    return start_a < start_b + ggml_nbytes(b) && start_b < start_a + ggml_nbytes(a);
}

/// Whether ggml computes the product with cuBLAS, activations in halves.
static bool multiplies_halves(const ggml_backend_cuda_context & ctx, const ggml_tensor * product) {
    if (product->op != GGML_OP_MUL_MAT) {
        return false;
    }
    const ggml_tensor * w  = product->src[0];
    const ggml_tensor * x  = product->src[1];
    const int           cc = ggml_cuda_info().devices[ctx.device].cc;
    const bool          unpacks =
        ggml_is_quantized(w->type) && ggml_is_contiguous(w) && ggml_get_to_fp16_cuda(w->type) != nullptr;
    return (w->type == GGML_TYPE_F16 || unpacks) && is_float(x) && is_float(product) && is_matrix(w) && is_matrix(x) &&
           w->nb[0] == ggml_type_size(w->type) && ggml_is_contiguous(x) && ggml_is_contiguous(product) &&
           ggml_get_op_params_i32(product, 0) == GGML_PREC_DEFAULT && ggml_get_op_params_i32(product, 1) == 0 &&
           x->ne[1] >= min_columns && GGML_CUDA_CC_IS_NVIDIA(cc) && fast_fp16_hardware_available(cc) &&
           !ggml_cuda_should_use_mmq(w->type, cc, x->ne[1], /*n_experts*/ 0);
}

static bool is_whole_view(const ggml_tensor * node, const ggml_tensor * of) {
    return (node->op == GGML_OP_VIEW || node->op == GGML_OP_RESHAPE) && node->src[0] == of && node->data == of->data &&
           ggml_is_contiguous(node) && ggml_nelements(node) == ggml_nelements(of);
}

/// Whether nothing but products in halves reads node i, all of it, as activations.
static bool only_products_read(const ggml_backend_cuda_context & ctx, const ggml_cgraph * graph, int i) {
    const ggml_tensor * tensor = graph->nodes[i];
    if (tensor->flags & GGML_TENSOR_FLAG_OUTPUT) {
        return false;
    }
    const int uses = ggml_node_get_use_count(graph, i);
    const int end  = std::min(graph->n_nodes, i + 1 + max_ahead);
    int       seen = 0;
    for (int j = i + 1; j < end && seen < uses; ++j) {
        const ggml_tensor * node = graph->nodes[j];
        for (int s = 0; s < GGML_MAX_SRC; ++s) {
            if (node->src[s] != tensor) {
                continue;
            }
            const bool reads = s == 1 && multiplies_halves(ctx, node);
            const bool views = s == 0 && is_whole_view(node, tensor) && only_products_read(ctx, graph, j);
            if (!reads && !views) {
                return false;
            }
            ++seen;
        }
    }
    return uses > 0 && seen == uses;
}

// The next node that computes something.
static int next_operation(const ggml_cgraph * graph, int i) {
    do {
        ++i;
    } while (i < graph->n_nodes && (ggml_is_empty(graph->nodes[i]) || graph->nodes[i]->op == GGML_OP_VIEW ||
                                    graph->nodes[i]->op == GGML_OP_RESHAPE));
    return i;
}

static const ggml_tensor * owner(const ggml_tensor * t) {
    return t->view_src == nullptr ? t : t->view_src;
}

/// out = W x + beta · out
static void multiply(ggml_backend_cuda_context & ctx, const ggml_tensor * product, float * out, float beta) {
    const ggml_tensor * w      = product->src[0];
    const ggml_tensor * x      = product->src[1];
    cudaStream_t        stream = ctx.stream();

    ggml_cuda_pool_alloc<half> unpacked(ctx.pool()), rounded(ctx.pool());
    const bool                 packed      = w->type != GGML_TYPE_F16;
    const void *               weights     = packed ? unpacked_weights(ctx, w, unpacked) : w->data;
    const int64_t              row         = packed ? w->ne[0] : static_cast<int64_t>(w->nb[1] / sizeof(half));
    const void *               activations = x->data;
    if ((owner(x)->flags & kept_as_halves) == 0) {
        ggml_get_to_fp16_cuda(x->type)(x->data, rounded.alloc(ggml_nelements(x)), ggml_nelements(x), stream);
        activations = rounded.get();
    }
    const float one = 1.0f;
    CUBLAS_CHECK(cublasGemmEx(ctx.cublas_handle(), CUBLAS_OP_T, CUBLAS_OP_N, w->ne[1], x->ne[1], w->ne[0], &one,
                              weights, CUDA_R_16F, row, activations, CUDA_R_16F, x->ne[0], &beta, out, CUDA_R_32F,
                              w->ne[1], CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT_TENSOR_OP));
}

/// A product, and its sum with what lies in the sum's memory already.
static int compute_product(ggml_backend_cuda_context & ctx, const ggml_cgraph * graph, int i) {
    ggml_tensor * product = graph->nodes[i];
    if (!multiplies_halves(ctx, product)) {
        return 0;
    }
    const ggml_tensor * sum = i + 1 < graph->n_nodes ? graph->nodes[i + 1] : nullptr;
    if (sum != nullptr && sum->op == GGML_OP_ADD && (sum->src[0] == product || sum->src[1] == product) &&
        ggml_node_has_n_uses(graph, i, 1)) {
        const ggml_tensor * other = sum->src[0] == product ? sum->src[1] : sum->src[0];
        if (is_float(other) && sum->data == other->data && ggml_are_same_shape(other, product) &&
            ggml_are_same_shape(sum, product) && ggml_is_contiguous(other) && ggml_is_contiguous(sum) &&
            !overlap(sum, product->src[1])) {
            multiply(ctx, product, static_cast<float *>(sum->data), 1.0f);
            return 2;
        }
    }
    if ((owner(product->src[1])->flags & kept_as_halves) == 0 && product->src[0]->type == GGML_TYPE_F16) {
        return 0; // as ggml does it
    }
    multiply(ctx, product, static_cast<float *>(product->data), 0.0f);
    return 1;
}

/// RMS norm and its weights.
static int compute_norm(ggml_backend_cuda_context & ctx, const ggml_cgraph * graph, int i) {
    const ggml_tensor * norm   = graph->nodes[i];
    const ggml_tensor * x      = norm->src[0];
    ggml_tensor *       scaled = i + 1 < graph->n_nodes ? graph->nodes[i + 1] : nullptr;
    if (scaled == nullptr || scaled->op != GGML_OP_MUL || scaled->src[0] != norm ||
        !ggml_node_has_n_uses(graph, i, 1)) {
        return 0;
    }
    const ggml_tensor * weight = scaled->src[1];
    if (!is_float(x) || !is_float(weight) || ggml_nrows(weight) != 1 || weight->ne[0] != x->ne[0] || !is_matrix(x) ||
        x->ne[0] % 4 != 0 || x->nb[0] != sizeof(float) || !is_aligned(x, 16) || !is_aligned(weight, 16) ||
        !ggml_is_contiguous(scaled) || overlap(scaled, x) || !only_products_read(ctx, graph, i + 1)) {
        return 0;
    }
    rms_norm_halves<<<x->ne[1], norm_threads, 0, ctx.stream()>>>(
        static_cast<const float *>(x->data), static_cast<const float *>(weight->data),
        static_cast<half *>(scaled->data), static_cast<int>(x->ne[0]), static_cast<int64_t>(x->nb[1] / sizeof(float)),
        ggml_get_op_params_f32(norm, 0));
    CUDA_CHECK(cudaGetLastError());
    scaled->flags |= kept_as_halves;
    return 2;
}

static int compute_gate(ggml_backend_cuda_context & ctx, const ggml_cgraph * graph, int i) {
    ggml_tensor *       y    = graph->nodes[i];
    const ggml_tensor * gate = y->src[0];
    const ggml_tensor * up   = y->src[1];
    if (ggml_get_glu_op(y) != GGML_GLU_OP_SWIGLU || up == nullptr || !is_float(gate) || !is_float(up) ||
        !ggml_is_contiguous(gate) || !ggml_is_contiguous(up) || !ggml_is_contiguous(y) || !is_matrix(y) ||
        gate->ne[0] % 4 != 0 || !is_aligned(gate, 16) || !is_aligned(up, 16) || overlap(y, gate) || overlap(y, up) ||
        !only_products_read(ctx, graph, i)) {
        return 0;
    }
    constexpr int threads = 256, per_multiprocessor = 16;
    const int64_t quads  = ggml_nelements(y) / 4;
    const int64_t blocks = std::min<int64_t>((quads + threads - 1) / threads,
                                             int64_t(per_multiprocessor) * ggml_cuda_info().devices[ctx.device].nsm);
    swiglu_halves<<<blocks, threads, 0, ctx.stream()>>>(static_cast<const float4 *>(gate->data),
                                                        static_cast<const float4 *>(up->data),
                                                        static_cast<uint2 *>(y->data), quads);
    CUDA_CHECK(cudaGetLastError());
    y->flags |= kept_as_halves;
    return 1;
}

/// Whether angles are positions / divisors alone, as longembed::rotate() makes them.
static bool rotates_by_divisors(const ggml_tensor * rope) {
    const int mode = ggml_get_op_params_i32(rope, 2);
    return rope->op == GGML_OP_ROPE && (mode == GGML_ROPE_TYPE_NORMAL || mode == GGML_ROPE_TYPE_NEOX) &&
           ggml_get_op_params_f32(rope, 5) == 1.0f && ggml_get_op_params_f32(rope, 6) == 1.0f &&
           ggml_get_op_params_f32(rope, 7) == 0.0f && ggml_get_op_params_i32(rope, 15) == 0 &&
           rope->src[2] != nullptr && is_float(rope->src[0]) && is_float(rope) && rope->ne[3] == 1;
}

static int compute_rotations(ggml_backend_cuda_context & ctx, const ggml_cgraph * graph, int i) {
    const ggml_tensor * fine   = graph->nodes[i];
    const int           next   = next_operation(graph, i); // views of positions come between
    ggml_tensor *       coarse = next < graph->n_nodes ? graph->nodes[next] : nullptr;
    if (coarse == nullptr || !rotates_by_divisors(fine) || !rotates_by_divisors(coarse) || coarse->src[0] != fine ||
        !ggml_node_has_n_uses(graph, i, 1)) {
        return 0;
    }
    const ggml_tensor * x          = fine->src[0];
    const int           dimensions = ggml_get_op_params_i32(fine, 1);
    const int           mode       = ggml_get_op_params_i32(fine, 2);
    if (dimensions % 4 != 0 || x->ne[0] % 4 != 0 || dimensions != ggml_get_op_params_i32(coarse, 1) ||
        mode != ggml_get_op_params_i32(coarse, 2) || x->nb[0] != sizeof(float) || !is_aligned(x, 16) ||
        !ggml_is_contiguous(coarse) || (overlap(coarse, x) && coarse->data != x->data)) {
        return 0;
    }
    if (coarse->data == x->data && !ggml_is_contiguous(x)) {
        return 0; // in place, a block writes what it alone reads
    }
    Rotation r{};
    r.x = static_cast<const float *>(x->data), r.y = static_cast<float *>(coarse->data);
    r.x_head = x->nb[1] / sizeof(float), r.x_token = x->nb[2] / sizeof(float);
    r.head_size = static_cast<int>(x->ne[0]), r.heads = static_cast<int>(x->ne[1]), r.pairs = dimensions / 2;
    r.fine            = static_cast<const int32_t *>(fine->src[1]->data);
    r.coarse          = static_cast<const int32_t *>(coarse->src[1]->data);
    r.fine_divisors   = static_cast<const float *>(fine->src[2]->data);
    r.coarse_divisors = static_cast<const float *>(coarse->src[2]->data);
    r.magnitude       = ggml_get_op_params_f32(fine, 8) * ggml_get_op_params_f32(coarse, 8);

    constexpr int threads = 256;
    const auto    kernel  = mode == GGML_ROPE_TYPE_NEOX ? rotate_twice<true> : rotate_twice<false>;
    kernel<<<x->ne[2], threads, r.pairs * sizeof(float2), ctx.stream()>>>(r);
    CUDA_CHECK(cudaGetLastError());
    return next - i + 1;
}

/// Rows of floats to rows of halves, each row in one piece: keys and values of some tokens, where those of a head lie
/// together.
static int compute_copy(ggml_backend_cuda_context & ctx, const ggml_cgraph * graph, int i) {
    const ggml_tensor * from = graph->nodes[i]->src[0];
    ggml_tensor *       to   = graph->nodes[i];
    if (!is_float(from) || to->type != GGML_TYPE_F16 || !ggml_are_same_shape(from, to) || from->ne[3] != 1 ||
        from->ne[0] % 4 != 0 || from->nb[0] != sizeof(float) || to->nb[0] != sizeof(half) || !is_aligned(from, 16) ||
        !is_aligned(to, 8)) {
        return 0;
    }
    constexpr int threads = 256;
    const int     quads   = static_cast<int>(from->ne[0] / 4);
    const int64_t all     = quads * from->ne[1];
    if (from->ne[2] > 65535 || all > INT32_MAX) {
        return 0;
    }
    const dim3 blocks(static_cast<unsigned>((all + threads - 1) / threads), static_cast<unsigned>(from->ne[2]));
    rows_to_halves<<<blocks, threads, 0, ctx.stream()>>>(static_cast<const char *>(from->data),
                                                         static_cast<char *>(to->data), quads, static_cast<int>(all),
                                                         from->nb[1], from->nb[2], to->nb[1], to->nb[2]);
    CUDA_CHECK(cudaGetLastError());
    return 1;
}

static int compute_attention(ggml_backend_cuda_context & ctx, const ggml_cgraph * graph, int i) {
    ggml_tensor * attended = graph->nodes[i];
    if (!only_products_read(ctx, graph, i) || !longembed_flash_attention_hopper(ctx, attended, /*halves*/ true)) {
        return 0;
    }
    attended->flags |= kept_as_halves;
    return 1;
}

} // namespace

} // namespace longembed

int longembed_compute_fused(ggml_backend_cuda_context & ctx, ggml_cgraph * graph, int i) {
    using namespace longembed;
    // as ggml's own fusions; the other says that activations are not to be halves
    static const bool off =
        getenv("GGML_CUDA_DISABLE_FUSION") != nullptr || getenv("GGML_CUDA_CUBLAS_COMPUTE_TYPE") != nullptr;
    if (off) {
        return 0;
    }
    // what an earlier run of the graph may have left
    for (int j = i; j < std::min(i + 2, graph->n_nodes); ++j) {
        graph->nodes[j]->flags &= ~kept_as_halves;
    }
    switch (graph->nodes[i]->op) {
        case GGML_OP_RMS_NORM: return compute_norm(ctx, graph, i);
        case GGML_OP_GLU: return compute_gate(ctx, graph, i);
        case GGML_OP_MUL_MAT: return compute_product(ctx, graph, i);
        case GGML_OP_ROPE: return compute_rotations(ctx, graph, i);
        case GGML_OP_CPY: return compute_copy(ctx, graph, i);
        case GGML_OP_FLASH_ATTN_EXT: return compute_attention(ctx, graph, i);
        default: return 0;
    }
}
