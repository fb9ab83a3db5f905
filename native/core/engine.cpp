#include "engine.h"

#include "context_engine.h"
#include "graph/graph_engine.h"

namespace longembed {

std::unique_ptr<Engine> make_engine(const llama_model & model, const Facts & facts) {
    if (facts.engine == "graph") {
        return std::make_unique<GraphEngine>(model, facts.threads);
    }
    return std::make_unique<ContextEngine>(model, facts.threads);
}

} // namespace longembed
