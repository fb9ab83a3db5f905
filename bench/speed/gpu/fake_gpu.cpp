#include "fake_gpu.h"

#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>

#include "ggml-backend-impl.h"
#include "ggml-cpu.h"

namespace {

struct FakeGpu {
    std::string              name;
    size_t                   total = 0;
    size_t                   used  = 0;
    ggml_backend_device      device{};
    ggml_backend_buffer_type buffers{};
};

std::deque<FakeGpu> gpus; // addresses must stay

FakeGpu & gpu_of(ggml_backend_dev_t device) {
    return *static_cast<FakeGpu *>(device->context);
}

FakeGpu & gpu_of(ggml_backend_buffer_t buffer) {
    return gpu_of(buffer->buft->device);
}

bool is_fake(ggml_backend_buffer_type_t type) {
    return type->device != nullptr && type->device->iface.get_type(type->device) == GGML_BACKEND_DEVICE_TYPE_GPU;
}

constexpr size_t alignment = 128; // CUDA's

ggml_backend_buffer_i buffer_interface() {
    ggml_backend_buffer_i i{};
    i.free_buffer = [](ggml_backend_buffer_t buffer) {
        gpu_of(buffer).used -= buffer->size;
        std::free(buffer->context);
    };
    i.get_base      = [](ggml_backend_buffer_t buffer) { return buffer->context; };
    i.memset_tensor = [](ggml_backend_buffer_t, ggml_tensor * t, uint8_t value, size_t offset, size_t size) {
        std::memset(static_cast<char *>(t->data) + offset, value, size);
    };
    i.set_tensor = [](ggml_backend_buffer_t, ggml_tensor * t, const void * data, size_t offset, size_t size) {
        std::memcpy(static_cast<char *>(t->data) + offset, data, size);
    };
    i.get_tensor = [](ggml_backend_buffer_t, const ggml_tensor * t, void * data, size_t offset, size_t size) {
        std::memcpy(data, static_cast<const char *>(t->data) + offset, size);
    };
    i.clear = [](ggml_backend_buffer_t buffer, uint8_t value) { std::memset(buffer->context, value, buffer->size); };
    return i;
}

ggml_backend_buffer_t allocate(ggml_backend_buffer_type_t type, size_t size) {
    FakeGpu & gpu = gpu_of(type->device);
    if (size > gpu.total - gpu.used) {
        return nullptr;
    }
    void * memory = std::aligned_alloc(alignment, GGML_PAD(size, alignment) + alignment);
    if (memory == nullptr) {
        return nullptr;
    }
    // a GPU's memory is not cleared: reading before writing must show
    std::memset(memory, 0xff, size);
    gpu.used += size;
    return ggml_backend_buffer_init(type, buffer_interface(), memory, size);
}

ggml_backend_t start(ggml_backend_dev_t device, const char *) {
    static ggml_guid guid = {0xfa, 0x4e, 0x90, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    ggml_backend_i   i{};
    i.get_name = [](ggml_backend_t backend) { return gpu_of(backend->device).name.c_str(); };
    i.free     = [](ggml_backend_t backend) {
        ggml_backend_free(static_cast<ggml_backend_t>(backend->context));
        delete backend;
    };
    i.graph_compute = [](ggml_backend_t backend, ggml_cgraph * graph) {
        return ggml_backend_graph_compute(static_cast<ggml_backend_t>(backend->context), graph);
    };
    ggml_backend_t cpu = ggml_backend_cpu_init();
    ggml_backend_cpu_set_n_threads(cpu, 1); // ggml's threads spin while they wait: on a busy machine, one is faster
    return new ggml_backend{&guid, i, device, cpu};
}

/// CUDA's rules for flash attention (ggml_cuda_get_best_fattn_kernel), for the shapes that this library uses.
bool has_flash_attention(const ggml_tensor * op) {
    const ggml_tensor * k = op->src[1];
    const ggml_tensor * v = op->src[2];
    for (const int64_t size : {40, 64, 72, 80, 96, 112, 128, 256}) {
        if (k->ne[0] == size) {
            return v->ne[0] == size && k->type == GGML_TYPE_F16 && v->type == GGML_TYPE_F16;
        }
    }
    return false;
}

/// CUDA's rules for the operations of this library's graphs (ggml_backend_cuda_device_supports_op).
bool supports(ggml_backend_dev_t device, const ggml_tensor * op) {
    for (const ggml_tensor * source : op->src) {
        if (source != nullptr && source->buffer != nullptr && is_fake(source->buffer->buft) &&
            source->buffer->buft->device != device) {
            return false;
        }
    }
    switch (op->op) {
        case GGML_OP_FLASH_ATTN_EXT: return has_flash_attention(op);
        case GGML_OP_MUL_MAT:
            return op->src[0]->nb[0] == ggml_type_size(op->src[0]->type) &&
                   op->src[1]->nb[0] == ggml_type_size(op->src[1]->type) &&
                   !(op->src[1]->type == GGML_TYPE_F16 && op->src[0]->type != GGML_TYPE_F16);
        case GGML_OP_UNARY: return ggml_is_contiguous(op->src[0]);
        case GGML_OP_GLU: return ggml_is_contiguous_1(op->src[0]);
        case GGML_OP_NORM:
        case GGML_OP_RMS_NORM: return ggml_is_contiguous_rows(op->src[0]);
        case GGML_OP_ROPE:
            return op->src[0]->nb[0] == ggml_type_size(op->src[0]->type) && ggml_is_contiguous_2(op->src[0]);
        case GGML_OP_ADD:
        case GGML_OP_SUB:
        case GGML_OP_MUL: return op->src[0]->type == GGML_TYPE_F32 && op->src[1]->type == GGML_TYPE_F32;
        case GGML_OP_CPY:
            return (op->src[0]->type == GGML_TYPE_F32 || op->src[0]->type == GGML_TYPE_F16) &&
                   (op->src[1]->type == GGML_TYPE_F32 || op->src[1]->type == GGML_TYPE_F16);
        case GGML_OP_NONE:
        case GGML_OP_RESHAPE:
        case GGML_OP_VIEW:
        case GGML_OP_PERMUTE:
        case GGML_OP_TRANSPOSE:
        case GGML_OP_CONT:
        case GGML_OP_CONCAT:
        case GGML_OP_GET_ROWS:
        case GGML_OP_SOFT_MAX:
        case GGML_OP_PAD:
        case GGML_OP_SCALE: return true;
        default: return false;
    }
}

/// CUDA's rule: any operation on at least 32 tokens, except reading rows.
bool offloads(ggml_backend_dev_t, const ggml_tensor * op) {
    return op->op != GGML_OP_GET_ROWS && (op->op == GGML_OP_MUL_MAT ? op->ne[1] : ggml_nrows(op)) >= 32;
}

ggml_backend_device_i device_interface() {
    ggml_backend_device_i i{};
    i.get_name        = [](ggml_backend_dev_t device) { return gpu_of(device).name.c_str(); };
    i.get_description = [](ggml_backend_dev_t) { return "the CPU, as a GPU"; };
    i.get_memory      = [](ggml_backend_dev_t device, size_t * free, size_t * total) {
        *total = gpu_of(device).total;
        *free  = gpu_of(device).total - gpu_of(device).used;
    };
    i.get_type  = [](ggml_backend_dev_t) { return GGML_BACKEND_DEVICE_TYPE_GPU; };
    i.get_props = [](ggml_backend_dev_t device, ggml_backend_dev_props * props) {
        *props              = {};
        props->name         = gpu_of(device).name.c_str();
        props->description  = "the CPU, as a GPU";
        props->type         = GGML_BACKEND_DEVICE_TYPE_GPU;
        props->memory_total = gpu_of(device).total;
        props->memory_free  = gpu_of(device).total - gpu_of(device).used;
    };
    i.init_backend    = start;
    i.get_buffer_type = [](ggml_backend_dev_t device) { return &gpu_of(device).buffers; };
    i.supports_op     = supports;
    i.supports_buft   = [](ggml_backend_dev_t device, ggml_backend_buffer_type_t type) {
        return type == &gpu_of(device).buffers;
    };
    i.offload_op = offloads;
    return i;
}

ggml_backend_reg registry() {
    ggml_backend_reg r{};
    r.api_version            = GGML_BACKEND_API_VERSION;
    r.iface.get_name         = [](ggml_backend_reg_t) { return "Fake"; };
    r.iface.get_device_count = [](ggml_backend_reg_t) { return gpus.size(); };
    r.iface.get_device       = [](ggml_backend_reg_t, size_t index) { return &gpus[index].device; };
    return r;
}

} // namespace

void register_fake_gpus(const std::vector<uint64_t> & bytes) {
    static ggml_backend_reg fake = registry();
    for (const uint64_t total : bytes) {
        FakeGpu & gpu              = gpus.emplace_back();
        gpu.name                   = "FAKE" + std::to_string(gpus.size() - 1);
        gpu.total                  = total;
        gpu.device                 = {device_interface(), &fake, &gpu};
        gpu.buffers.device         = &gpu.device;
        gpu.buffers.iface.get_name = [](ggml_backend_buffer_type_t type) { return gpu_of(type->device).name.c_str(); };
        gpu.buffers.iface.alloc_buffer  = allocate;
        gpu.buffers.iface.get_alignment = [](ggml_backend_buffer_type_t) { return alignment; };
    }
    ggml_backend_register(&fake);
}
