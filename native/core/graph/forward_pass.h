#pragma once

#include "block_pass.h"
#include "streams.h"

namespace longembed {

/// One batch through all layers: in which order, and on which streams, its blocks are computed.
class ForwardPass {
public:
    /// @param parallelism  streams that compute side by side
    ForwardPass(const PassSetup & setup, Streams & streams, int parallelism, Control & control);

    /// Writes a row per sequence, or per range of the batch, to `out`.
    void run(float * out);

private:
    void run_whole_blocks();
    void run_long_sequences();
    void write_means(float * out) const;
    void write_means_through_head(float * out);
    void write_rows(float * out) const;

    /// Calls work(pass, piece) for pieces 0 … count − 1 on all streams, and runs the steps that it collected.
    template <typename Work> void parallel_for(int64_t count, Work work);

    /// Returns, or throws on, when no stream works on what work() asked for any more: then the workspace may be read,
    /// or filled anew.
    template <typename Work> void run_to_end(Work work);

    const PassSetup & setup_;
    Streams &         streams_;
    const int         parallelism_;
    Control &         control_;
    WorkMeter         meter_;
};

} // namespace longembed
