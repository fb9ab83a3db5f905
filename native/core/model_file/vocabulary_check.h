#pragma once

#include <cstdint>

#include "metadata.h"

namespace longembed {

/// Checks that the vocabulary is consistent: as many types and scores as tokens, no token twice, and special tokens
/// that exist.
/// @param fallback  tokens of a model whose file has no vocabulary, and does not say how many there are
/// @return tokens
/// @throws InvalidFile
int64_t check_vocabulary(const Metadata & metadata, const std::string & architecture, int64_t fallback);

} // namespace longembed
