#include "forward_pass.h"

#include <algorithm>

#include "pooling.h"

namespace longembed {

ForwardPass::ForwardPass(const PassSetup & setup, Streams & streams, int parallelism, Control & control)
    : setup_(setup), streams_(streams), parallelism_(parallelism), control_(control),
      meter_(control, setup.total_operations()) {}

void ForwardPass::run(float * out) {
    // reading the weights takes as long as computing with them for a few tokens
    constexpr int64_t reading = 4;
    streams_.begin(setup_.total_operations() + setup_.layers * setup_.layer_operations(reading));
    std::optional<RightOfWay::Taken> way;
    streams_.take_way(way, parallelism_);
    run_to_end([&] {
        run_whole_blocks();
        run_long_sequences();
    });
    if (setup_.pools_rows) {
        write_rows(out);
    } else if (setup_.architecture.head() != nullptr) {
        write_means_through_head(out);
    } else {
        write_means(out);
    }
    streams_.end(parallelism_);
    control_.report(1.0f);
}

template <typename Work> void ForwardPass::parallel_for(int64_t count, Work work) {
    streams_.run(parallelism_, count, [&](Stream & stream, int number, int64_t piece) {
        BlockPass pass(setup_, stream, number, control_, meter_);
        work(pass, piece);
        pass.flush();
    });
}

template <typename Work> void ForwardPass::run_to_end(Work work) {
    try {
        work();
    } catch (...) {
        try {
            streams_.wait();
        } catch (const Error &) { // of a device that has failed already
        }
        throw;
    }
    streams_.wait();
}

void ForwardPass::run_whole_blocks() {
    const auto & blocks   = setup_.layout.whole;
    const auto & contents = setup_.layout.whole_contents;
    const auto   count    = static_cast<int64_t>(blocks.size());
    if (!streams_.main_is_cpu() && count > 1) {
        // layer by layer, so that a GPU unpacks a layer's weights once for all blocks (native/cuda/unpacked_weights.cu)
        parallel_for(1, [&](BlockPass & pass, int64_t) {
            std::for_each(blocks.begin(), blocks.end(), [&](const Block & block) { pass.embed_tokens(block); });
            for (int layer = 0; layer < setup_.layers; ++layer) {
                for (int64_t i = 0; i < count; ++i) {
                    pass.run_layer(layer, blocks[i], contents[i]);
                }
            }
        });
        return;
    }
    // the longest sequences come last in packed order: begin there, so that no stream is left alone with one at the end
    parallel_for(count,
                 [&](BlockPass & pass, int64_t i) { pass.run_whole(blocks[count - 1 - i], contents[count - 1 - i]); });
}

void ForwardPass::run_long_sequences() {
    const auto & parts = setup_.layout.parts;
    const auto   count = static_cast<int64_t>(parts.size());
    if (count == 0) {
        return;
    }
    parallel_for(count, [&](BlockPass & pass, int64_t i) { pass.embed_tokens(parts[i]); });
    for (int layer = 0; layer < setup_.layers; ++layer) {
        parallel_for(count, [&](BlockPass & pass, int64_t i) { pass.store_keys_and_values(layer, parts[i]); });
        if (layer == setup_.layers - 1 && setup_.pools_rows) {
            const SequenceRange & all = setup_.layout.long_sequences;
            parallel_for(all.count, [&](BlockPass & pass, int64_t i) { pass.compute_rows({all.first + i, 1}); });
        } else {
            // the last part of a causal sequence costs the most: begin there, so that no stream is left alone with it
            parallel_for(count, [&](BlockPass & pass, int64_t i) { pass.compute(layer, parts[count - 1 - i]); });
        }
    }
}

void ForwardPass::write_means(float * out) const {
    const ggml_tensor * x = setup_.workspace.x;
    MeanPooling         mean(setup_.batch.pooled, x->ne[0], out);
    std::vector<float>  copied;
    const bool          on_host = ggml_backend_buffer_is_host(x->buffer);
    const auto          add     = [&](const std::vector<Block> & blocks) {
        for (const Block & block : blocks) {
            const float * rows = static_cast<const float *>(x->data) + block.first * x->ne[0];
            if (!on_host) {
                copied.resize(block.tokens * x->ne[0]);
                ggml_backend_tensor_get(x, copied.data(), block.first * x->nb[1], copied.size() * sizeof(float));
                rows = copied.data();
            }
            mean.add(rows, block.first, block.tokens);
        }
    };
    add(setup_.layout.whole);
    add(setup_.layout.parts); // long sequences come after all others
}

void ForwardPass::write_means_through_head(float * out) {
    ggml_tensor *      pooled  = setup_.workspace.pooled;
    ggml_tensor *      vectors = setup_.workspace.vectors;
    const auto         count   = static_cast<int64_t>(setup_.batch.pooled.size());
    std::vector<float> means(count * pooled->ne[0]);
    write_means(means.data());
    for (int64_t first = 0; first < count; first += Workspace::max_pooled) {
        const int64_t some = std::min(Workspace::max_pooled, count - first);
        ggml_backend_tensor_set(pooled, means.data() + first * pooled->ne[0], 0, some * pooled->nb[1]);
        run_to_end([&] { parallel_for(1, [&](BlockPass & pass, int64_t) { pass.compute_head(some); }); });
        ggml_backend_tensor_get(vectors, out + first * vectors->ne[0], 0, some * vectors->nb[1]);
    }
}

void ForwardPass::write_rows(float * out) const {
    const ggml_tensor * pooled = setup_.workspace.rows->vectors;
    for (size_t s = 0; s < setup_.layout.sequences.size(); ++s) {
        const int64_t source = setup_.layout.sequences[s].source;
        ggml_backend_tensor_get(pooled, out + source * pooled->ne[0], s * pooled->nb[1], pooled->nb[1]);
    }
}

} // namespace longembed
