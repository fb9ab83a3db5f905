#pragma once

#include <vector>

#include <napi.h>

#include "dot_products.h"
#include "job.h"

namespace longembed::addon {

/// Dot products on Node's thread pool and threads of its own; resolves to a Float32Array of a row per left row.
class DotProductsJob : public Job {
public:
    /// dotProducts(left, right, dimensions, threads)
    /// @throws Napi::Error for arguments of the wrong type, ERR_INVALID_OPTION for values out of range
    static Napi::Value start(const Napi::CallbackInfo & info);

    /// @param left, right  what `rows` borrows from: kept alive until the job settles
    DotProductsJob(Napi::Env env, const RowPairs & rows, int threads, const Napi::Object & left, const Napi::Object & right);

protected:
    void        work() override;
    Napi::Value result(Napi::Env env) override;
    void        release() override;

private:
    RowPairs              rows_;
    int                   threads_;
    Napi::ObjectReference left_;
    Napi::ObjectReference right_;
    std::vector<float>    products_;
};

} // namespace longembed::addon
