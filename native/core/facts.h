#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

struct llama_model;

namespace longembed {

/// The engine: our own graph, or llama.cpp's context.
enum class EngineKind { graph, llama_context };

enum class PositionEncoding { absolute, rope, alibi, relative, none };

/// "absolute", "rope", "alibi", "relative" or "none"
const char * name_of(PositionEncoding encoding);

/// The pooling that a model file names; unspecified if it names none.
enum class FilePooling { unspecified, none, mean, cls, last, rank };

/// The properties in the model file, and the placement of its layers.
struct Facts {
    std::string                        architecture;
    std::string                        name;     ///< general.name; empty if the file has none
    std::map<std::string, std::string> metadata; ///< the value of every scalar key as text

    EngineKind  engine = EngineKind::graph;
    std::string engine_reason; ///< why it is not our own graph; empty if it is

    int32_t     layers         = 0;
    int32_t     sliding_layers = 0; ///< of them, those with a sliding window
    int32_t     reach          = 0; ///< tokens that these see on either side
    int32_t     dimensions     = 0; ///< of a vector
    int32_t     heads          = 0;
    int32_t     kv_heads       = 0;
    int32_t     feed_forward   = 0;
    uint64_t    parameters     = 0;
    uint64_t    size_bytes     = 0;
    std::string quantization;

    int32_t          context_length    = 0;
    PositionEncoding position_encoding = PositionEncoding::none;
    int32_t          position_rows     = 0;
    float            rope_base         = 0.0f;
    int32_t          rope_dimensions   = 0; ///< rotated numbers of a head; 0 without rotary positions
    float            rope_scale        = 0.0f;
    bool             causal            = false;
    FilePooling      pooling           = FilePooling::unspecified;

    struct DeviceLayers {
        std::string device;
        int32_t     layers;
    };
    std::vector<DeviceLayers> placement;      ///< how many layers each device has, in the layers' order
    int32_t                   gpu_layers = 0; ///< layers on GPUs: the last ones
    std::string               device;         ///< "CPU", or the names of the GPUs
    int32_t                   threads = 0;

    /// Whether short batches can be computed beside others, in the express lane. Not on GPUs, where two would get in
    /// each other's way.
    bool has_express_lane() const { return gpu_layers == 0; }
};

Facts read_facts(const llama_model & model);

} // namespace longembed
