#include "pooling.h"

#include <algorithm>
#include <utility>

namespace longembed {

MeanPooling::MeanPooling(const std::vector<PooledRange> & ranges, int64_t dimensions, float * out)
    : ranges_(ranges), dimensions_(dimensions), out_(out) {}

void MeanPooling::add(const float * rows, int64_t first, int64_t tokens) {
    for (int64_t t = 0; t < tokens; ++t) {
        for (; next_ < ranges_.size() && ranges_[next_].first == first + t; ++next_) {
            begin(ranges_[next_]);
        }
        const float * row = rows + t * dimensions_;
        for (Sum & sum : open_) {
            for (int64_t d = 0; d < dimensions_; ++d) {
                sum.numbers[d] += row[d];
            }
        }
        const auto ended = std::partition(open_.begin(), open_.end(), [&](const Sum & sum) {
            return first + t + 1 < sum.range->first + sum.range->count;
        });
        for (auto sum = ended; sum != open_.end(); ++sum) {
            write(*sum);
            closed_.push_back(std::move(*sum));
        }
        open_.erase(ended, open_.end());
    }
}

void MeanPooling::begin(const PooledRange & range) {
    Sum sum;
    if (!closed_.empty()) {
        sum = std::move(closed_.back());
        closed_.pop_back();
    }
    sum.range = &range;
    sum.numbers.assign(dimensions_, 0.0);
    open_.push_back(std::move(sum));
}

void MeanPooling::write(const Sum & sum) const {
    for (int64_t d = 0; d < dimensions_; ++d) {
        out_[sum.range->row * dimensions_ + d] =
            static_cast<float>(sum.numbers[d] / static_cast<double>(sum.range->count));
    }
}

} // namespace longembed
