#pragma once

#include "block_pass.h"
#include "measuring_lane.h"

namespace longembed {

/// What a lane's graphs need for a pass, by building those that need most.
BufferSizes measure_graphs(const PassSetup & setup, const llama_model & model);

} // namespace longembed
