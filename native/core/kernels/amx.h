#pragma once

namespace longembed {

/// Whether the processor has AMX with BF16, and Linux lets this process use its tiles. Asks for the permission, which
/// holds for all threads from then on: without it the first instruction on tiles would end the process.
bool may_use_amx();

} // namespace longembed
