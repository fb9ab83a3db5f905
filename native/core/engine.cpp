#include "engine.h"

#include "llama/context_engine.h"
#include "error.h"
#include "graph/graph_engine.h"

namespace longembed {

std::unique_ptr<Engine> make_engine(const llama_model & model, const Facts & facts, Precision precision) {
    if (facts.engine == "graph") {
        return std::make_unique<GraphEngine>(model, facts.threads, precision);
    }
    if (precision != Precision::full) {
        throw Error(ErrorCode::invalid_option, "The precision bf16 is only for architectures that longembed has a graph of its own for, and " +
                                                   facts.engine_reason + ".");
    }
    return std::make_unique<ContextEngine>(model, facts.threads);
}

} // namespace longembed
