// A long text goes through each layer in blocks of some thousand tokens. To unpack quantized weights for each of them
// takes 3 of 55 ms of a layer of E5-Mistral's shape at 32k (Q4_K_M, H100); so those of about a layer are kept, the ones
// that were unpacked last.

#include "unpacked_weights.cuh"

#include <list>
#include <map>
#include <mutex>

#include "convert.cuh"

namespace longembed {

namespace {

constexpr size_t max_bytes     = size_t(512) << 20; // a layer of a 7B model takes 440 MB
constexpr size_t share_of_gpu  = 64;                // at most this part of the memory
constexpr size_t left_for_rest = size_t(1) << 30;   // of free memory, as placement leaves it

// Of one context. What is replaced may still be read by products that the stream has not done: the new one's unpacking
// comes after them in the same stream.
class Kept {
public:
    explicit Kept(int device) {
        size_t free = 0, total = 0;
        CUDA_CHECK(cudaMemGetInfo(&free, &total));
        const size_t wanted = std::min(max_bytes, total / share_of_gpu);
        if (free < wanted + left_for_rest || cudaMalloc(&memory_, wanted) != cudaSuccess) {
            (void) cudaGetLastError(); // it is an offer
            memory_ = nullptr;
            return;
        }
        bytes_  = wanted;
        device_ = device;
    }
    ~Kept() {
        if (memory_ != nullptr) {
            ggml_cuda_set_device(device_);
            CUDA_CHECK(cudaFree(memory_));
        }
    }
    Kept(const Kept &)             = delete;
    Kept & operator=(const Kept &) = delete;

    // Where the weights are, or are to be; null where there is no room for them.
    half * find(const ggml_tensor * weights, bool & is_there) {
        const size_t size = (ggml_nelements(weights) * sizeof(half) + 255) / 256 * 256;
        for (const Entry & entry : entries_) {
            if (entry.weights == weights->data) {
                is_there = true;
                return at(entry);
            }
        }
        is_there = false;
        if (size > bytes_) {
            return nullptr;
        }
        // a ring: the oldest give way to the next
        if (next_ + size > bytes_) {
            drop(next_, bytes_);
            next_ = 0;
        }
        drop(next_, next_ + size);
        entries_.push_back({weights->data, next_, size});
        next_ += size;
        return at(entries_.back());
    }

private:
    struct Entry {
        const void * weights;
        size_t       place, size;
    };

    half * at(const Entry & entry) const {
        return reinterpret_cast<half *>(static_cast<char *>(memory_) + entry.place);
    }

    void drop(size_t begin, size_t end) {
        entries_.remove_if([&](const Entry & entry) { return entry.place < end && begin < entry.place + entry.size; });
    }

    void *           memory_ = nullptr;
    size_t           bytes_ = 0, next_ = 0;
    int              device_ = 0;
    std::list<Entry> entries_;
};

std::mutex mutex;

// never freed: at the end of the process CUDA may be gone before
static std::map<const ggml_backend_cuda_context *, Kept> & all() {
    static auto * const map = new std::map<const ggml_backend_cuda_context *, Kept>;
    return *map;
}

// A graph that CUDA records is run again when other weights are kept.
static bool is_recorded(ggml_backend_cuda_context & ctx) {
    cudaStreamCaptureStatus status;
    CUDA_CHECK(cudaStreamIsCapturing(ctx.stream(), &status));
    return status != cudaStreamCaptureStatusNone;
}

} // namespace

const half * unpacked_weights(ggml_backend_cuda_context & ctx, const ggml_tensor * weights,
                              ggml_cuda_pool_alloc<half> & scratch) {
    const int64_t count = ggml_nelements(weights);
    half *        to    = nullptr;
    // those that are copied to the device for each block have other contents at the same place
    if (!is_recorded(ctx) && weights->buffer != nullptr &&
        ggml_backend_buffer_get_usage(weights->buffer) == GGML_BACKEND_BUFFER_USAGE_WEIGHTS) {
        bool                              is_there = false;
        const std::lock_guard<std::mutex> lock(mutex);
        to = all().try_emplace(&ctx, ctx.device).first->second.find(weights, is_there);
        if (is_there) {
            return to;
        }
    }
    if (to == nullptr) {
        to = scratch.alloc(count);
    }
    ggml_get_to_fp16_cuda(weights->type)(weights->data, to, count, ctx.stream());
    return to;
}

void free_unpacked_weights(const ggml_backend_cuda_context * ctx) {
    const std::lock_guard<std::mutex> lock(mutex);
    all().erase(ctx);
}

} // namespace longembed
