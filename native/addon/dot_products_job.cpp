#include "dot_products_job.h"

#include <vector>

#include "arguments.h"
#include "convert.h"
#include "devices/processors.h"
#include "job.h"
#include "search/dot_products.h"

namespace longembed::addon {

namespace {

// V8 ends the process if it cannot allocate an array; 1 GiB of results is far below that limit and more than a caller
// should need
constexpr int64_t max_products   = int64_t{1} << 28;
constexpr int64_t max_dimensions = int64_t{1} << 24;
constexpr int64_t max_threads    = 1024;

RowPairs row_pairs(const Arguments & arguments, const Napi::Float32Array & left, const Napi::Float32Array & right,
                   int64_t dimensions) {
    RowPairs rows;
    rows.left_rows  = arguments.rows(left, dimensions, "left");
    rows.right_rows = arguments.rows(right, dimensions, "right");
    rows.size       = dimensions;
    if (rows.right_rows != 0 && rows.left_rows > max_products / rows.right_rows) {
        throw arguments.out_of_range(std::to_string(rows.left_rows) + " times " + std::to_string(rows.right_rows) +
                                     " rows are more than " + std::to_string(max_products) + " products");
    }
    rows.left  = left.Data();
    rows.right = right.Data();
    return rows;
}

class DotProductsJob : public Job {
public:
    /// @param left, right  the arrays that `rows` borrows, kept alive until the job settles
    DotProductsJob(Napi::Env env, const RowPairs & rows, int threads, const Napi::Object & left,
                   const Napi::Object & right);

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

DotProductsJob::DotProductsJob(Napi::Env env, const RowPairs & rows, int threads, const Napi::Object & left,
                               const Napi::Object & right)
    : Job(env), rows_(rows), threads_(threads), left_(keep(left)), right_(keep(right)) {}

void DotProductsJob::work() {
    products_.resize(static_cast<size_t>(rows_.left_rows * rows_.right_rows));
    dot_products(rows_, products_.data(), threads_ == 0 ? usable_cores() : threads_, control);
}

Napi::Value DotProductsJob::result(Napi::Env env) {
    return float32_array(env, products_);
}

void DotProductsJob::release() {
    left_.Reset();
    right_.Reset();
    products_ = {};
}

} // namespace

Napi::Value start_dot_products(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    try {
        const Arguments          arguments(info, "dotProducts");
        const Napi::Float32Array left       = arguments.floats(0, "left");
        const Napi::Float32Array right      = arguments.floats(1, "right");
        const int64_t            dimensions = arguments.whole(2, "dimensions", 1, max_dimensions);
        const auto               threads    = static_cast<int>(arguments.whole(3, "threads", 0, max_threads));
        const RowPairs           rows       = row_pairs(arguments, left, right, dimensions);
        return PoolJob::start(env, std::make_shared<DotProductsJob>(env, rows, threads, left, right));
    } catch (const Error & error) {
        throw to_js(env, error);
    }
}

} // namespace longembed::addon
