#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "batch.h"

/// The plans of lib/extend's strategies for a batch of sequences of one length, for machines without Node: with their
/// defaults, for a rotary causal model with native context Lo and target Lt.
struct StrategyPlan {
    std::vector<float> positions;   ///< empty: indices
    std::vector<float> logit_scale; ///< empty: 1
    float              rope_base  = 0.0f;
    float              rope_scale = 1.0f;
    int32_t            group      = 0;
    int32_t            window     = 0;

    StrategyPlan(const std::string & method, int64_t length, int64_t sequences, int64_t native, int64_t target,
                 float file_base) {
        const int64_t scale      = (target + native - 1) / native;
        const bool    longer     = length > native;
        const double  log_native = std::log(static_cast<double>(native));
        const auto    every      = [&](std::vector<float> & values, auto value_at) {
            for (int64_t s = 0; s < sequences; ++s) {
                for (int64_t i = 0; i < length; ++i) {
                    values.push_back(static_cast<float>(value_at(i)));
                }
            }
        };
        if (longer) {
            // attention scaling: by position in self-extend, otherwise by length
            every(logit_scale, [&](int64_t i) {
                return std::max(1.0, std::log(static_cast<double>(method == "se" ? i + 1 : length)) / log_native);
            });
        }
        if (method == "ntk") {
            rope_base = file_base * static_cast<float>(scale + std::max(1.0, scale / 4.0));
        } else if (method == "pi" && longer) {
            rope_scale = static_cast<float>(native) / static_cast<float>(target);
        } else if (method == "gp" && longer) {
            const int64_t group_size = (length + native - 1) / native;
            every(positions, [&](int64_t i) { return i / group_size; });
        } else if (method == "rp" && longer) {
            every(positions, [&](int64_t i) { return i % native; });
        } else if (method == "se" && longer) {
            group  = static_cast<int32_t>(scale + 1);
            window = static_cast<int32_t>(native / scale);
        } else if (method != "none" && method != "pi" && method != "gp" && method != "rp" && method != "se") {
            throw std::runtime_error("unknown strategy \"" + method + "\"");
        }
    }

    void apply_to(longembed::Batch & batch) const {
        batch.positions          = positions.empty() ? nullptr : positions.data();
        batch.logit_scale        = logit_scale.empty() ? nullptr : logit_scale.data();
        batch.rope_base          = rope_base;
        batch.rope_scale         = rope_scale;
        batch.self_extend_group  = group;
        batch.self_extend_window = window;
    }
};
