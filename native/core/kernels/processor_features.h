#pragma once

namespace longembed {

/// Instructions that this processor has and whose registers its system saves.
struct ProcessorFeatures {
    bool avx2        = false; ///< with FMA and F16C
    bool avx512      = false; ///< the foundation and DQ, with FMA
    bool avx512_bf16 = false;
    bool amx_bf16    = false; ///< of the processor; a process must ask for the registers (amx.h)
};

/// Asks the processor itself: `__builtin_cpu_supports` is answered by the compiler's runtime, and Zig's says no to
/// everything.
ProcessorFeatures processor_features();

} // namespace longembed
