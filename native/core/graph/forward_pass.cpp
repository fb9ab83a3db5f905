#include "forward_pass.h"

#include "pooling.h"

namespace longembed {

ForwardPass::ForwardPass(const PassSetup & setup, Lanes & lanes, int shares, Control & control)
    : setup_(setup), lanes_(lanes), shares_(shares), control_(control), meter_(control, setup.total_operations()) {}

void ForwardPass::run(float * out) {
    lanes_.expect(setup_.total_operations());
    run_whole_blocks();
    run_long_sequences();
    if (setup_.pools_rows) {
        write_rows(out);
    } else {
        write_means(out);
    }
    control_.report(1.0f);
}

template <typename Work> void ForwardPass::share_out(int64_t count, Work work) {
    lanes_.run(shares_, count, [&](Lane & lane, int number, int64_t piece) {
        BlockPass pass(setup_, lane, number, control_, meter_);
        work(pass, piece);
        pass.flush();
    });
}

void ForwardPass::run_whole_blocks() {
    const auto & blocks = setup_.layout.whole;
    const auto   count  = static_cast<int64_t>(blocks.size());
    // the longest sequences come last in packed order: begin there, so that no lane is left alone with one at the end
    share_out(count, [&](BlockPass & pass, int64_t i) { pass.run_whole(blocks[count - 1 - i], setup_.layout.whole_contents[count - 1 - i]); });
}

void ForwardPass::run_long_sequences() {
    const auto & parts = setup_.layout.parts;
    const auto   count = static_cast<int64_t>(parts.size());
    if (count == 0) {
        return;
    }
    share_out(count, [&](BlockPass & pass, int64_t i) { pass.embed_tokens(parts[i]); });
    for (int layer = 0; layer < setup_.layers; ++layer) {
        share_out(count, [&](BlockPass & pass, int64_t i) { pass.fill_keys_and_values(layer, parts[i]); });
        if (layer == setup_.layers - 1 && setup_.pools_rows) {
            const SequenceRange & all = setup_.layout.long_sequences;
            share_out(all.count, [&](BlockPass & pass, int64_t i) { pass.compute_rows({all.first + i, 1}); });
        } else {
            // the last part of a causal sequence costs most: begin there, so that no lane is left alone with it at the end
            share_out(count, [&](BlockPass & pass, int64_t i) { pass.compute(layer, parts[count - 1 - i]); });
        }
    }
}

void ForwardPass::write_means(float * out) const {
    const ggml_tensor * x = setup_.workspace.x;
    MeanPooling         mean(setup_.layout, x->ne[0]);
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
    mean.write(out);
}

void ForwardPass::write_rows(float * out) const {
    const ggml_tensor * pooled = setup_.workspace.pooled_rows;
    for (size_t s = 0; s < setup_.layout.sequences.size(); ++s) {
        ggml_backend_tensor_get(pooled, out + setup_.layout.sequences[s].source * pooled->ne[0], s * pooled->nb[1], pooled->nb[1]);
    }
}

} // namespace longembed
