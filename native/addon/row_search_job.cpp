#include "row_search_job.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "convert.h"
#include "devices/processors.h"
#include "job.h"
#include "search/row_search.h"

namespace longembed::addon {

namespace {

constexpr int64_t max_rows       = int64_t{1} << 27; // two floats each are below V8's limit for an array
constexpr int64_t max_dimensions = int64_t{1} << 24;
constexpr int64_t max_threads    = 1024;

/// CodeFacts are three floats in an array of JavaScript.
constexpr int64_t facts_per_row = 3;
static_assert(sizeof(CodeFacts) == facts_per_row * sizeof(float), "the facts of a row are three floats");

int64_t dimensions_of(const Arguments & arguments, const Napi::Float32Array & query) {
    const auto dimensions = static_cast<int64_t>(query.ElementLength());
    if (dimensions < 1 || dimensions > max_dimensions) {
        throw arguments.out_of_range("the query has " + std::to_string(dimensions) + " dimensions, not 1 to " +
                                     std::to_string(max_dimensions));
    }
    return dimensions;
}

/// Work that borrows arrays of JavaScript and gives floats.
class RowSearchJob : public Job {
public:
    using Work = std::function<void(std::vector<float> & out, const Control & control)>;

    /// @param borrowed  kept alive until the job settles
    RowSearchJob(Napi::Env env, Work work, const std::vector<Napi::Object> & borrowed)
        : Job(env), work_(std::move(work)) {
        for (const Napi::Object & object : borrowed) {
            borrowed_.push_back(keep(object));
        }
    }

protected:
    void work() override { work_(out_, control); }

    Napi::Value result(Napi::Env env) override { return float32_array(env, out_); }

    void release() override {
        for (Napi::ObjectReference & reference : borrowed_) {
            reference.Reset();
        }
        out_  = {};
        work_ = nullptr;
    }

private:
    Work                               work_;
    std::vector<Napi::ObjectReference> borrowed_;
    std::vector<float>                 out_;
};

int threads_or_cores(int64_t threads) {
    return threads == 0 ? usable_cores() : static_cast<int>(threads);
}

/// Rows in blocks whose arrays all have the same length.
/// @param block_at  the arrays of a block, which are added to `borrowed`, and the length of the first in rows
template <typename Block, typename BlockAt>
Blocks<Block> blocks_of(const Arguments & arguments, uint32_t count, int64_t rows, int64_t size, BlockAt block_at) {
    Blocks<Block> all{};
    all.rows_per_block = 1;
    all.rows           = rows;
    all.size           = size;
    for (uint32_t i = 0; i < count; ++i) {
        const auto [block, capacity] = block_at(i);
        if (i > 0 && capacity != all.rows_per_block) {
            throw arguments.out_of_range("the blocks have different lengths");
        }
        all.rows_per_block = capacity;
        all.blocks.push_back(block);
    }
    if (rows > all.rows_per_block * static_cast<int64_t>(count)) {
        throw arguments.out_of_range("there are fewer than " + std::to_string(rows) + " rows");
    }
    return all;
}

Napi::Value bound_rows(const Napi::CallbackInfo & info) {
    const Arguments           arguments(info, "boundProducts");
    const Napi::Float32Array  query      = arguments.floats(0, "query");
    const int64_t             dimensions = dimensions_of(arguments, query);
    const Napi::Array         codes      = arguments.list(1, "codes");
    const Napi::Array         facts      = arguments.list(2, "facts");
    const int64_t             rows       = arguments.whole(3, "rows", 0, max_rows);
    const int                 threads    = threads_or_cores(arguments.whole(4, "threads", 0, max_threads));
    std::vector<Napi::Object> borrowed{query};
    const Blocks<CodedBlock>  blocks =
        blocks_of<CodedBlock>(arguments, codes.Length(), rows, dimensions, [&](uint32_t i) {
            const Napi::Int8Array    own      = arguments.bytes(codes.Get(i), "codes");
            const Napi::Float32Array known    = arguments.floats(facts.Get(i), "facts");
            const int64_t            capacity = arguments.rows(own, dimensions, "codes");
            if (static_cast<int64_t>(known.ElementLength()) != capacity * facts_per_row) {
                throw arguments.out_of_range("codes and facts have different rows");
            }
            borrowed.push_back(own);
            borrowed.push_back(known);
            return std::pair(CodedBlock{own.Data(), reinterpret_cast<const CodeFacts *>(known.Data())}, capacity);
        });
    const float * numbers = query.Data();
    const auto    work    = [numbers, blocks, threads](std::vector<float> & out, const Control & control) {
        out.resize(static_cast<size_t>(2 * blocks.rows));
        bound_products(numbers, blocks, out.data(), out.data() + blocks.rows, threads, control);
    };
    return PoolJob::start(info.Env(), std::make_shared<RowSearchJob>(info.Env(), work, borrowed));
}

Napi::Value multiply_rows(const Napi::CallbackInfo & info) {
    const Arguments           arguments(info, "rowProducts");
    const Napi::Float32Array  query      = arguments.floats(0, "query");
    const int64_t             dimensions = dimensions_of(arguments, query);
    const Napi::Array         list       = arguments.list(1, "blocks");
    const Napi::Uint32Array   places     = arguments.counts(2, "ranges");
    const int                 threads    = threads_or_cores(arguments.whole(3, "threads", 0, max_threads));
    std::vector<Napi::Object> borrowed{query};
    std::vector<RowRange>     ranges;
    int64_t                   wanted = 0;
    int64_t                   rows   = 0;
    for (size_t i = 0; i + 1 < places.ElementLength(); i += 2) {
        ranges.push_back({places[i], places[i + 1]});
        if (ranges.back().begin > ranges.back().end) {
            throw arguments.out_of_range("a range ends before it begins");
        }
        wanted += ranges.back().end - ranges.back().begin;
        rows = std::max(rows, ranges.back().end);
        if (wanted > max_rows) {
            throw arguments.out_of_range("the ranges have more than " + std::to_string(max_rows) + " rows");
        }
    }
    const Blocks<const float *> blocks =
        blocks_of<const float *>(arguments, list.Length(), rows, dimensions, [&](uint32_t i) {
            const Napi::Float32Array block = arguments.floats(list.Get(i), "blocks");
            borrowed.push_back(block);
            return std::pair<const float *, int64_t>(block.Data(), arguments.rows(block, dimensions, "blocks"));
        });
    const float * numbers = query.Data();
    const auto    work = [numbers, blocks, ranges, wanted, threads](std::vector<float> & out, const Control & control) {
        out.resize(static_cast<size_t>(wanted));
        products_of(numbers, blocks, ranges, out.data(), threads, control);
    };
    return PoolJob::start(info.Env(), std::make_shared<RowSearchJob>(info.Env(), work, borrowed));
}

void quantize(const Napi::CallbackInfo & info) {
    const Arguments          arguments(info, "quantizeRows");
    const Napi::Float32Array rows       = arguments.floats(0, "rows");
    const int64_t            dimensions = arguments.whole(1, "dimensions", 1, max_dimensions);
    Napi::Int8Array          codes      = arguments.bytes(info[2], "codes");
    Napi::Float32Array       facts      = arguments.floats(3, "facts");
    const int64_t            count      = arguments.rows(rows, dimensions, "rows");
    if (codes.ElementLength() != rows.ElementLength() ||
        static_cast<int64_t>(facts.ElementLength()) != count * facts_per_row) {
        throw arguments.out_of_range("rows, codes and facts have different rows");
    }
    quantize_rows(rows.Data(), count, dimensions, codes.Data(), reinterpret_cast<CodeFacts *>(facts.Data()));
}

/// Calls a function, and throws its errors as JavaScript has them.
template <typename Call> auto with_errors(const Napi::CallbackInfo & info, Call call) {
    try {
        return call(info);
    } catch (const Error & error) {
        throw to_js(info.Env(), error);
    }
}

} // namespace

void quantize_row_array(const Napi::CallbackInfo & info) {
    with_errors(info, quantize);
}

Napi::Value start_bound_products(const Napi::CallbackInfo & info) {
    return with_errors(info, bound_rows);
}

Napi::Value start_row_products(const Napi::CallbackInfo & info) {
    return with_errors(info, multiply_rows);
}

} // namespace longembed::addon
