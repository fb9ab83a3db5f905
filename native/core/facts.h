#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

struct llama_model;

namespace longembed {

/// What a loaded model is, as its file says.
struct Facts {
    std::string architecture;
    std::string name;  ///< general.name; empty when the file has none
    std::map<std::string, std::string> metadata;  ///< every scalar key as text

    std::string engine;         ///< "graph" (ours) or "llama_context"
    std::string engine_reason;  ///< why it is not ours; empty when it is

    int32_t  layers        = 0;
    int32_t  dimensions    = 0;  ///< of a vector
    int32_t  heads         = 0;
    int32_t  kv_heads      = 0;
    int32_t  feed_forward  = 0;
    uint64_t parameters    = 0;
    uint64_t size_bytes    = 0;
    std::string quantization;

    int32_t  context_length = 0;
    std::string position_encoding;  ///< "absolute", "rope", "alibi", "relative" or "none"
    int32_t  position_rows  = 0;
    float    rope_base      = 0.0f;
    float    rope_scale     = 0.0f;
    bool     causal         = false;
    std::string pooling;            ///< "mean", "cls", "last", "rank", "none"; empty when the file names none

    int32_t  gpu_layers = 0;  ///< of them on GPUs: the last ones
    struct Share {
        std::string device;
        int32_t     layers;
    };
    std::vector<Share> placement;   ///< which devices have how many of the layers, in their order
    std::string device;             ///< what computes: "CPU", or the devices' names
    int32_t  threads    = 0;
};

Facts read_facts(const llama_model & model);

} // namespace longembed
