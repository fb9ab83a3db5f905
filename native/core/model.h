#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "batch.h"
#include "control.h"
#include "engine.h"
#include "facts.h"
#include "kernels/cpu_kernels.h"
#include "llama/file_watch.h"
#include "ops/repacked_weights.h"
#include "vocabulary.h"

struct llama_model;

namespace longembed {

/// Whether weights are kept once more in the order in which products read them (RepackedWeights).
enum class Repack { where_memory_allows, always, never };

struct LoadOptions {
    int         threads    = 0;      ///< CPU threads; 0: the cores this process may use
    std::string backend    = "auto"; ///< "auto", "cpu", "cuda", "metal" or "vulkan"
    int         gpu_layers = -1;     ///< layers on GPUs, the last ones; −1: as many as fit
    int       plan_tokens = 0; ///< the longest text that must fit beside those layers, in tokens; 0: the file's context
    bool      mmap        = true;             ///< map the file rather than read it
    bool      check_device = true;            ///< compare what GPUs compute with the CPU: check_devices()
    Precision precision    = Precision::full; ///< of matrix products and attention on a CPU
    Repack    repack       = Repack::where_memory_allows;
};

/// A loaded model: its facts, its vocabulary, and the engines that compute with it: one for each lane, over the same
/// weights.
class Model {
public:
    /// @throws Error ERR_MODEL_NOT_FOUND, ERR_MODEL_INVALID, ERR_ARCHITECTURE_UNSUPPORTED, ERR_BACKEND,
    /// ERR_OUT_OF_MEMORY, ERR_ABORTED,
    ///               ERR_INVALID_OPTION for a precision that this model or machine does not support
    static std::unique_ptr<Model> load(const std::string & path, const LoadOptions & options, Control & control);

    const Facts & facts() const { return facts_; }
    /// The weights as llama.cpp loaded them.
    std::shared_ptr<const llama_model> weights() const { return model_; }

    const Vocabulary & vocabulary() const { return *vocabulary_; }

    /// Writes facts().dimensions floats per sequence to `out`: pooled, not normalised. One call at a time in each lane;
    /// both lanes at a time, from two threads.
    /// @param lane  express: facts().has_express_lane(), and at most max_express_tokens
    /// @throws Error ERR_INVALID_OPTION, ERR_TOKENIZER, ERR_STRATEGY_UNSUPPORTED, ERR_INPUT_TOO_LONG,
    /// ERR_OUT_OF_MEMORY, ERR_BACKEND, ERR_ABORTED, ERR_MODEL_INVALID if a mapped file was written to since it was
    /// loaded
    void embed(const Batch & batch, float * out, Control & control, Lane lane = Lane::main);

    /// The memory that embed() would take for this batch in the main lane. Computes nothing. Not beside embed() in the
    /// main lane.
    /// @throws Error as embed() does about the batch
    MemoryEstimate memory(const Batch & batch);

private:
    Model() = default;

    static std::unique_ptr<Model> load_checked(const std::string & path, const LoadOptions & options,
                                               Control & control);

    std::unique_ptr<Engine> & engine(Lane lane) { return engines_[static_cast<size_t>(lane)]; }

    void     check_files() const;
    void     repack(Repack repack, Control & control);
    void     start_engine(Lane lane);
    uint64_t express_memory();

    std::vector<FileWatch>           watches_; ///< of each part of a file that is mapped into memory
    std::shared_ptr<llama_model>     model_;
    std::unique_ptr<RepackedWeights> repacked_; ///< null: none
    Precision                        precision_ = Precision::full;
    Facts                            facts_;
    std::unique_ptr<Vocabulary>      vocabulary_;
    RightOfWay                       way_;     ///< of the express lane
    std::mutex                       express_; ///< held while the express lane's engine is used

    std::array<std::unique_ptr<Engine>, 2> engines_; ///< null: not started yet
};

} // namespace longembed
