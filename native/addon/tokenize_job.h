#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "convert.h"
#include "job.h"

namespace longembed::addon {

/// Text to content tokens. `Owner` keeps the vocabulary alive while the job runs.
template <typename Owner> class TokenizeJob : public Job {
public:
    TokenizeJob(Napi::Env env, std::shared_ptr<Owner> owner, std::string text)
        : Job(env), owner_(std::move(owner)), text_(std::move(text)) {}

protected:
    void work() override { tokens_ = owner_->vocabulary().tokenize(text_); }

    Napi::Value result(Napi::Env env) override { return int32_array(env, tokens_); }

    /// The job lives as long as its cancel function, until that is garbage collected; a disposed model must not.
    void release() override {
        owner_.reset();
        tokens_ = {};
    }

private:
    std::shared_ptr<Owner> owner_;
    std::string            text_;
    std::vector<int32_t>   tokens_;
};

} // namespace longembed::addon
