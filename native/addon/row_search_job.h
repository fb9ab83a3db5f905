#pragma once

#include <napi.h>

namespace longembed::addon {

// The functions of ChunkIndex, as lib/native/types.ts has them. The two jobs run on Node's thread pool and on threads
// of their own. Arguments of the wrong type are thrown as a Napi::Error, values out of range as ERR_INVALID_OPTION.

/// quantizeRows(rows, dimensions, codes, facts), at once
void quantize_row_array(const Napi::CallbackInfo & info);

/// boundProducts(query, codes, facts, rows, threads): a job
Napi::Value start_bound_products(const Napi::CallbackInfo & info);

/// rowProducts(query, blocks, ranges, threads): a job
Napi::Value start_row_products(const Napi::CallbackInfo & info);

} // namespace longembed::addon
