#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ggml-backend.h"

namespace longembed {

/// The memory of a batch on one device, in bytes.
struct DeviceMemory {
    std::string device;              ///< ggml's name of it: "CPU", "CUDA0", …
    bool        host        = false; ///< the process's own memory
    uint64_t    weights     = 0;     ///< of the model, already loaded
    uint64_t    activations = 0;     ///< kept for every token of the batch
    uint64_t    graphs      = 0;     ///< for the blocks that are computed in parallel
    uint64_t    missing     = 0;     ///< the part of activations and graphs that is not allocated yet
    uint64_t    available   = 0;     ///< what can be allocated now
};

/// The memory that a batch needs, estimated before it is computed.
struct MemoryEstimate {
    std::vector<DeviceMemory> devices;
    uint64_t                  resident    = 0; ///< bytes of this process's resident memory
    int32_t                   gpu_layers  = 0; ///< the model's layers on GPUs
    uint64_t                  layer_bytes = 0; ///< weights of one layer
    uint64_t                  express     = 0; ///< bytes that the express lane lacks for its largest batch

    /// The entry of the device whose memory such buffers are in; added if missing.
    DeviceMemory & on(ggml_backend_buffer_type_t buffers);

    /// Throws ERR_OUT_OF_MEMORY if a device has less than is missing there, with a message that says what would fit.
    /// @param tokens  of the batch, for the message
    void check(int64_t tokens) const;

private:
    std::string what_would_fit(const DeviceMemory & memory, int64_t tokens) const;
};

/// Bytes that this process can still allocate: the minimum over the machine, its control groups and ulimit -v.
uint64_t available_memory();

/// Bytes of this process's resident memory.
uint64_t resident_memory();

} // namespace longembed
