#include "position_tuner.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <string>
#include <utility>

#include "error.h"

namespace longembed {

namespace {

/// Tokens whose products are computed together: enough for nearly full speed, few enough that the activations which a
/// thread keeps for its backward pass stay small.
constexpr int64_t max_group_tokens = 256;

/// Lets threads take turns in the order of their pieces, so that sums are in that order however many threads there are.
class Turns {
public:
    /// Calls work() when the pieces before have had their turn.
    template <typename Work> void take(int64_t piece, Work work) {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return next_ == piece || broken_; });
        if (broken_) {
            return; // another thread failed and its error is reported
        }
        work();
        ++next_;
        changed_.notify_all();
    }

    /// A piece will never take its turn.
    void break_off() {
        const std::lock_guard<std::mutex> lock(mutex_);
        broken_ = true;
        changed_.notify_all();
    }

private:
    std::mutex              mutex_;
    std::condition_variable changed_;
    int64_t                 next_   = 0;
    bool                    broken_ = false;
};

Error wrong(const std::string & what) {
    return Error(ErrorCode::invalid_option, "Tuning: " + what + ".");
}

double norm_of(const std::vector<double> & numbers) {
    double sum = 0.0;
    for (double number : numbers) {
        sum += number * number;
    }
    return std::sqrt(sum);
}

/// Reports a share of the work, from any thread.
class Meter {
public:
    Meter(Control & control, int64_t pieces, float from, float to)
        : control_(control), pieces_(pieces), from_(from), to_(to) {}

    void add() {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++done_;
        control_.report(from_ + (to_ - from_) * static_cast<float>(done_) / static_cast<float>(pieces_));
    }

private:
    std::mutex mutex_;
    Control &  control_;
    int64_t    pieces_;
    int64_t    done_ = 0;
    float      from_;
    float      to_;
};

} // namespace

PositionTuner::PositionTuner(std::shared_ptr<const llama_model> model, Pooling pooling, std::vector<float> rows,
                             std::vector<uint8_t> frozen, int threads)
    : source_(std::move(model)), model_(*source_), pooling_(pooling), frozen_(std::move(frozen)),
      team_(std::max(1, threads)), passes_(team_.members()) {
    if (frozen_.empty() || rows.size() != frozen_.size() * static_cast<size_t>(model_.dimensions())) {
        throw wrong("the position matrix has " + std::to_string(rows.size()) + " numbers, not " +
                    std::to_string(frozen_.size()) + " rows of " + std::to_string(model_.dimensions()));
    }
    state_.first.assign(rows.size(), 0.0f);
    state_.second.assign(rows.size(), 0.0f);
    state_.rows = std::move(rows);
}

void PositionTuner::check(const PlacedTexts & texts) const {
    int64_t token = 0;
    for (int64_t text = 0; text < texts.count; ++text) {
        const int64_t length = texts.lengths[text];
        const int64_t first  = texts.first_positions[text];
        if (length < 1 || first < 0 || first + length > rows()) {
            throw wrong("text " + std::to_string(text) + " has " + std::to_string(length) + " tokens from position " +
                        std::to_string(first) + " on, and the matrix has " + std::to_string(rows()) + " rows");
        }
        for (int64_t i = 0; i < length; ++i, ++token) {
            if (texts.tokens[token] < 0 || texts.tokens[token] >= model_.vocabulary()) {
                throw Error(ErrorCode::tokenizer, "The token id " + std::to_string(texts.tokens[token]) +
                                                      " is outside the vocabulary of " +
                                                      std::to_string(model_.vocabulary()) + " tokens.");
            }
        }
    }
}

GroupPass & PositionTuner::pass(int member) {
    if (passes_[member] == nullptr) {
        passes_[member] = std::make_unique<GroupPass>(model_);
    }
    return *passes_[member];
}

std::vector<double> PositionTuner::embed_all(const PlacedTexts & texts, Control & control, float until) {
    const std::vector<TextGroup> groups = group_texts(texts, max_group_tokens);
    std::vector<double>          pooled(texts.count * model_.dimensions());
    Meter                        meter(control, static_cast<int64_t>(groups.size()), 0.0f, until);
    team_.run(static_cast<int64_t>(groups.size()), [&](int member, int64_t piece) {
        control.check();
        const TextGroup & group = groups[piece];
        pass(member).forward(texts, group, state_.rows.data(), pooling_, false,
                             pooled.data() + group.first * model_.dimensions());
        meter.add();
    });
    return pooled;
}

std::vector<double> PositionTuner::embed(const PlacedTexts & texts, Control & control) {
    const std::lock_guard<std::mutex> lock(mutex_);
    check(texts);
    return embed_all(texts, control, 1.0f);
}

ContrastFigures PositionTuner::evaluate(const TuneBatch & batch, double temperature, Control & control) {
    const std::lock_guard<std::mutex> lock(mutex_);
    check(batch.texts);
    const std::vector<double> pooled = embed_all(batch.texts, control, 1.0f);
    return contrast(
        {pooled.data(), batch.ids, batch.queries, batch.texts.count - batch.queries, model_.dimensions(), temperature},
        nullptr, team_);
}

TuneFigures PositionTuner::compute_gradient(const TuneBatch & batch, double temperature, Control & control,
                                            std::vector<double> & by_rows) {
    check(batch.texts);
    // the backward pass costs about twice what a forward pass does
    constexpr float           embedded = 0.25f;
    const int64_t             size     = model_.dimensions();
    const PlacedTexts &       texts    = batch.texts;
    const std::vector<double> pooled   = embed_all(texts, control, embedded);
    std::vector<double>       by_pooled(pooled.size());
    TuneFigures               figures;
    figures.contrast =
        contrast({pooled.data(), batch.ids, batch.queries, texts.count - batch.queries, size, temperature},
                 by_pooled.data(), team_);

    by_rows.assign(state_.rows.size(), 0.0);
    const std::vector<TextGroup> groups = group_texts(texts, max_group_tokens);
    Meter                        meter(control, static_cast<int64_t>(groups.size()), embedded, 1.0f);
    Turns                        turns;
    const auto                   add = [&](const TextGroup & group, const float * gradients) {
        for (int64_t text = group.first; text < group.first + group.count; ++text) {
            double * to = by_rows.data() + texts.first_positions[text] * size;
            for (int64_t i = 0; i < texts.lengths[text] * size; ++i) {
                to[i] += gradients[i];
            }
            gradients += texts.lengths[text] * size;
        }
    };
    team_.run(static_cast<int64_t>(groups.size()), [&](int member, int64_t piece) {
        try {
            control.check();
            const TextGroup &   group = groups[piece];
            GroupPass &         own   = pass(member);
            std::vector<double> again(group.count * size);
            own.forward(texts, group, state_.rows.data(), pooling_, true, again.data());
            const float * gradients = own.backward(texts, group, pooling_, by_pooled.data() + group.first * size);
            turns.take(piece, [&] { add(group, gradients); });
        } catch (...) {
            turns.break_off();
            throw;
        }
        meter.add();
    });
    for (int64_t row = 0; row < rows(); ++row) {
        if (frozen_[row] != 0) {
            std::fill_n(by_rows.begin() + row * size, size, 0.0);
        }
    }
    figures.gradient_norm = norm_of(by_rows);
    return figures;
}

TuneFigures PositionTuner::gradient(const TuneBatch & batch, double temperature, Control & control,
                                    std::vector<double> & by_rows) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return compute_gradient(batch, temperature, control, by_rows);
}

TuneFigures PositionTuner::step(const TuneBatch & batch, double temperature, const AdamW & optimizer,
                                Control & control) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<double>               by_rows;
    const TuneFigures                 figures = compute_gradient(batch, temperature, control, by_rows);
    if (std::isfinite(figures.contrast.loss) && std::isfinite(figures.gradient_norm)) {
        update(by_rows, optimizer);
    }
    return figures;
}

void PositionTuner::update(const std::vector<double> & by_rows, const AdamW & optimizer) {
    state_.steps += 1;
    const auto    steps  = static_cast<double>(state_.steps);
    const double  first  = 1.0 - std::pow(optimizer.beta1, steps);
    const double  second = 1.0 - std::pow(optimizer.beta2, steps);
    const int64_t size   = model_.dimensions();
    for (int64_t row = 0; row < rows(); ++row) {
        for (int64_t i = row * size; frozen_[row] == 0 && i < (row + 1) * size; ++i) {
            const double g    = by_rows[i];
            const double m    = optimizer.beta1 * state_.first[i] + (1.0 - optimizer.beta1) * g;
            const double v    = optimizer.beta2 * state_.second[i] + (1.0 - optimizer.beta2) * g * g;
            const double kept = state_.rows[i] * (1.0 - optimizer.rate * optimizer.weight_decay);
            state_.rows[i] =
                static_cast<float>(kept - optimizer.rate * (m / first) / (std::sqrt(v / second) + optimizer.epsilon));
            state_.first[i]  = static_cast<float>(m);
            state_.second[i] = static_cast<float>(v);
        }
    }
}

PositionTuner::State PositionTuner::state() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return state_;
}

void PositionTuner::restore(State state) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (state.rows.size() != state_.rows.size() || state.first.size() != state_.rows.size() ||
        state.second.size() != state_.rows.size() || state.steps < 0) {
        throw wrong("the state is of another matrix");
    }
    state_ = std::move(state);
}

size_t PositionTuner::bytes() const {
    size_t bytes = state_.rows.size() * (3 * sizeof(float) + sizeof(double));
    for (const FrozenBert::Layer & layer : model_.layers()) {
        for (const FrozenLinear * linear :
             {&layer.q, &layer.k, &layer.v, &layer.attention_output, &layer.up, &layer.down}) {
            bytes += linear->transposed_bytes();
        }
    }
    return bytes;
}

} // namespace longembed
