#pragma once

struct llama_model;

namespace longembed {

/// Reads into a loaded model's hyperparameters what its file says of YaRN beyond the factor and the original context:
/// `rope.scaling.yarn_attn_factor`, `yarn_beta_fast`, `yarn_beta_slow` and `yarn_ext_factor`. llama.cpp's converter
/// writes them for every architecture, but its loader reads them for few, none of which has a graph of ours. Both
/// engines take them from there.
/// @throws Error ERR_MODEL_INVALID for numbers that YaRN does not allow
void read_yarn_keys(llama_model & model);

} // namespace longembed
