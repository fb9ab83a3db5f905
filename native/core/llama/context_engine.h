#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "engine.h"

struct llama_model;
struct llama_context;

namespace longembed {

/// Every architecture that has no graph of ours, through llama.cpp's own context: a sequence at a time, with the
/// strategies that it can do exactly (none, pcw, and on RoPE models ntk and interpolation).
class ContextEngine : public Engine {
public:
    /// @param threads  CPU threads, >= 1
    ContextEngine(const llama_model & model, int threads);

    void           embed(const Batch & batch, float * out, Control & control) override;
    MemoryEstimate memory(const Batch & batch) override;

private:
    /// What depends on a sequence's own length alone, so that its vector does not depend on the rest of the batch, nor
    /// on what was computed before. Sequences that differ in it need contexts of their own.
    struct ByLength {
        bool flash        = false; ///< flash attention: no n × n scores, but keys and values in half precision
        bool long_factors = false; ///< LongRoPE's factors for texts beyond the original context

        bool operator==(const ByLength & other) const {
            return flash == other.flash && long_factors == other.long_factors;
        }
    };

    /// The properties of a context; other values need a new one.
    struct Setup {
        uint32_t tokens     = 0;
        float    rope_base  = 0.0f;
        float    rope_scale = 1.0f;
        Pooling  pooling    = Pooling::mean;
        ByLength by_length;
    };

    static std::array<ByLength, 4> kinds();

    ByLength by_length(int64_t tokens) const;

    /// Tokens of the longest sequence of that kind; 0: there is no such sequence.
    int32_t longest_of(const Batch & batch, const ByLength & kind) const;

    void           prepare(const Batch & batch, int32_t longest, const ByLength & kind);
    void           prepare(const Setup & wanted);
    void           check_factors(const ByLength & kind, uint32_t tokens) const;
    MemoryEstimate memory_of_context() const;
    void embed_some(const Batch & batch, const ByLength & kind, int64_t & done, float * out, Control & control);
    void embed_one(const int32_t * tokens, int32_t n, float * out, Control & control);

    /// Computes a few tokens on the calling thread alone, the first time: whether llama.cpp's graph for an architecture
    /// accepts a file's tensors shows only then, and the calling thread is the one on which a failed assertion can be
    /// caught.
    void warm_up(const int32_t * tokens, int32_t n, Control & control);

    int compute(const int32_t * tokens, int32_t n, Control & control);

    const llama_model &            model_;
    int                            threads_;
    bool                           warmed_up_ = false;
    bool                           used_      = false; ///< the context has computed, so that its memory is allocated
    Setup                          setup_;
    std::shared_ptr<llama_context> context_;
};

} // namespace longembed
