#pragma once

#include <string>

#include "kernels/cpu_kernels.h"

namespace longembed {

struct LoadOptions {
    int         threads    = 0;       ///< CPU threads; 0: the cores this process may use
    std::string backend    = "auto";  ///< "auto", "cpu", "cuda", "metal" or "vulkan"
    int         gpu_layers = -1;      ///< layers on GPUs, the last ones; −1: as many as fit
    int         plan_tokens = 0;      ///< tokens of the texts that there must be room for beside the layers; 0: the file's context
    bool        mmap       = true;    ///< map the file rather than read it
    Precision   precision  = Precision::full;  ///< of products and attention on a CPU
};

} // namespace longembed
