#pragma once

#include "block_pass.h"
#include "lanes.h"

namespace longembed {

/// One batch through all layers: in which order, and on which lanes, its blocks are computed.
class ForwardPass {
public:
    /// @param shares  lanes to use
    ForwardPass(const PassSetup & setup, Lanes & lanes, int shares, Control & control);

    /// Writes a row per sequence to `out`.
    void run(float * out);

private:
    void run_whole_blocks();
    void run_long_sequences();
    void write_means(float * out) const;
    void write_rows(float * out) const;

    /// Calls work(pass, piece) for pieces 0 … count − 1, shared out among lanes, and runs what it collected.
    template <typename Work> void share_out(int64_t count, Work work);

    const PassSetup & setup_;
    Lanes &           lanes_;
    const int         shares_;
    Control &         control_;
    WorkMeter         meter_;
};

} // namespace longembed
