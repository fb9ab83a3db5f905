#pragma once

#include "block_pass.h"
#include "measuring_lane.h"

namespace longembed {

/// What a lane's graphs need for a pass, by building those that need most.
BufferSizes measure_graphs(const PassSetup & setup, const llama_model & model);

/// Makes room in a lane for the graphs of a pass, all at once: growing from graph to graph would leave gaps behind.
/// @param number  the lane's
/// @throws Error ERR_OUT_OF_MEMORY
void reserve_graphs(const PassSetup & setup, Lane & lane, int number);

} // namespace longembed
