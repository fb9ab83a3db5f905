#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ggml-backend.h"

namespace longembed {

/// What a batch takes on one device, in bytes.
struct DeviceMemory {
    std::string device;           ///< ggml's name of it: "CPU", "CUDA0", …
    bool        host        = false;  ///< the process' own memory
    uint64_t    weights     = 0;  ///< of the model; loaded already
    uint64_t    activations = 0;  ///< what is kept of every token of the batch
    uint64_t    graphs      = 0;  ///< what the blocks that are computed side by side need beside that
    uint64_t    missing     = 0;  ///< of activations and graphs: what is not allocated yet
    uint64_t    available   = 0;  ///< what can be allocated now
};

/// What a batch takes before it is computed.
struct MemoryNeed {
    std::vector<DeviceMemory> devices;
    uint64_t                  resident = 0;  ///< bytes of memory that this process has now
    int32_t                   gpu_layers  = 0;  ///< the model's layers on GPUs
    uint64_t                  layer_bytes = 0;  ///< weights of one layer

    /// The entry of the device whose memory such buffers are in; made where there is none yet.
    DeviceMemory & on(ggml_backend_buffer_type_t buffers);

    /// Throws ERR_OUT_OF_MEMORY when a device has less than is missing there, with what would fit.
    /// @param tokens  of the batch, for the message
    void check(int64_t tokens) const;

private:
    std::string what_would_fit(const DeviceMemory & memory, int64_t tokens) const;
};

/// "1.5 GB"
std::string gigabytes(uint64_t bytes);

/// Bytes that this process may still allocate: what is free on the machine, or what a control group or ulimit -v leaves of it.
uint64_t available_memory();

/// Bytes of memory that this process has now.
uint64_t resident_memory();

} // namespace longembed
