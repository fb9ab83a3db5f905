#include "worker.h"

#include <algorithm>

namespace longembed::addon {

namespace {

Error disposed() {
    return Error(ErrorCode::disposed, "The model was disposed before the call was done.");
}

Error aborted() {
    return Error(ErrorCode::aborted, "The call was aborted.");
}

} // namespace

Events::Events(Napi::Env env) : function_(Function::New(env, "longembed", /*unlimited queue*/ 0, /*threads*/ 1)) {
    function_.Unref(env);
}

void Events::post(Event event) {
    auto * posted = new Event(std::move(event));
    if (function_.NonBlockingCall(posted) != napi_ok) {
        delete posted; // the environment is ending
    }
}

void Events::ref(Napi::Env env) {
    if (refs_++ == 0) {
        function_.Ref(env);
    }
}

void Events::unref(Napi::Env env) {
    if (--refs_ == 0) {
        function_.Unref(env);
    }
}

void Events::close() {
    function_.Release();
}

void Events::call(Napi::Env env, Napi::Function /*unused*/, std::nullptr_t * /*context*/, Event * event) {
    const std::unique_ptr<Event> owned(event);
    if (env == nullptr) {
        return;
    }
    try {
        (*owned)(env);
    } catch (const Napi::Error & error) {
        // a user's callback threw, or the thread is being terminated, when every call fails and this one has no effect
        error.ThrowAsJavaScriptException();
    }
}

std::shared_ptr<Worker> Worker::start(Napi::Env env) {
    std::shared_ptr<Worker> worker(new Worker(env));
    // it may outlive the JavaScript object, which can be garbage collected while the thread is still ending
    worker->alive_  = worker;
    worker->thread_ = std::thread([raw = worker.get()] { raw->loop(); });
    napi_add_env_cleanup_hook(env, on_environment_end, worker.get());
    return worker;
}

void Worker::loop() {
    for (;;) {
        std::shared_ptr<Job> job;
        {
            std::unique_lock<std::mutex> lock(mutex_);
            changed_.wait(lock, [this] { return closing_ || !queue_.empty(); });
            if (closing_) {
                break;
            }
            job = queue_.front();
            queue_.pop_front();
            running_ = job;
        }
        job->run();
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            running_.reset();
        }
        events_.post([self = shared_from_this(), job](Napi::Env env) {
            // likewise: the environment's references are gone
            if (!self->thread_.joinable()) {
                return;
            }
            job->settle(env);
            self->events_.unref(env);
        });
    }
    model.reset();
    events_.post([self = shared_from_this()](Napi::Env env) { self->finish_closing(env); });
}

void Worker::enqueue(Napi::Env env, std::shared_ptr<Job> job) {
    if (closed_ || closing_) {
        job->reject(env, Error(ErrorCode::disposed, "The model is disposed: load it again."));
        return;
    }
    events_.ref(env);
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        queue_.push_back(std::move(job));
    }
    changed_.notify_one();
}

void Worker::cancel(Napi::Env env, const std::shared_ptr<Job> & job) {
    bool was_queued = false;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto                        found = std::find(queue_.begin(), queue_.end(), job);
        if (found != queue_.end()) {
            queue_.erase(found);
            was_queued = true;
        }
    }
    job->control.cancelled = true;
    if (was_queued) {
        job->reject(env, aborted());
        events_.unref(env);
    }
}

Napi::Promise Worker::dispose(Napi::Env env) {
    const auto deferred = Napi::Promise::Deferred::New(env);
    if (closed_) {
        deferred.Resolve(env.Undefined());
    } else {
        waiting_for_close_.push_back(deferred);
        begin_closing(env);
    }
    return deferred.Promise();
}

void Worker::abandon(Napi::Env env) {
    if (!closed_) {
        begin_closing(env);
    }
}

void Worker::begin_closing(Napi::Env env) {
    std::deque<std::shared_ptr<Job>> unstarted;
    std::shared_ptr<Job>             running;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closing_) {
            return;
        }
        closing_ = true;
        unstarted.swap(queue_);
        running = running_;
    }
    changed_.notify_one();
    events_.ref(env); // until the thread has ended
    for (const auto & job : unstarted) {
        job->reject(env, disposed());
        events_.unref(env);
    }
    if (running) {
        running->control.cancelled = true;
        running->reject(env, disposed());
    }
}

void Worker::finish_closing(Napi::Env env) {
    // Bun still runs events after the cleanup hooks, where Node drops them
    if (!thread_.joinable()) {
        return;
    }
    thread_.join();
    closed_ = true;
    napi_remove_env_cleanup_hook(env, on_environment_end, this);
    for (const auto & deferred : waiting_for_close_) {
        deferred.Resolve(env.Undefined());
    }
    waiting_for_close_.clear();
    events_.unref(env);
    events_.close();
    alive_.reset();
}

void Worker::on_environment_end(void * data) {
    auto * worker = static_cast<Worker *>(data);
    {
        const std::lock_guard<std::mutex> lock(worker->mutex_);
        worker->closing_ = true;
        if (worker->running_) {
            worker->running_->control.cancelled = true;
        }
    }
    worker->changed_.notify_one();
    if (worker->thread_.joinable()) {
        worker->thread_.join();
    }
    worker->alive_.reset();
}

} // namespace longembed::addon
