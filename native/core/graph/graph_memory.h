#pragma once

#include "block_pass.h"

namespace longembed {

/// The memory that a stream's graphs need for a pass: builds the largest ones and measures them.
BufferSizes measure_graphs(const PassSetup & setup, const llama_model & model);

/// Allocates a stream's memory for the graphs of a pass all at once: growing from graph to graph would leave gaps
/// behind.
/// @param number  the stream's
/// @throws Error ERR_OUT_OF_MEMORY
void reserve_graphs(const PassSetup & setup, Stream & stream, int number);

} // namespace longembed
