#include "worker.h"

#include <algorithm>
#include <system_error>

namespace longembed::addon {

namespace {

Error disposed() {
    return Error(ErrorCode::disposed, "The model was disposed before the call was done.");
}

Error no_thread() {
    return Error(ErrorCode::out_of_memory, "The system starts no more threads: there may be a limit on a user's or a "
                                           "container's processes (ulimit -u, pids.max).");
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
    worker->alive_ = worker;
    if (!worker->start(Lane::main)) {
        worker->events_.close();
        worker->alive_.reset();
        throw no_thread();
    }
    napi_add_env_cleanup_hook(env, on_environment_end, worker.get());
    return worker;
}

bool Worker::start(Lane lane) {
    try {
        queue(lane).thread = std::thread([this, lane] {
            loop(queue(lane));
            if (lane == Lane::main) {
                close();
            }
        });
    } catch (const std::system_error &) {
        return false;
    }
    return true;
}

bool Worker::take(Queue & queue, std::shared_ptr<Job> & job) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return closing_ || !queue.jobs.empty(); });
    if (closing_) {
        return false;
    }
    job = queue.jobs.front();
    queue.jobs.pop_front();
    queue.running = job;
    return true;
}

void Worker::loop(Queue & queue) {
    for (std::shared_ptr<Job> job; take(queue, job);) {
        job->run();
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            queue.running.reset();
        }
        events_.post([self = shared_from_this(), job](Napi::Env env) {
            // likewise: the environment's references are gone
            if (!self->queue(Lane::main).thread.joinable()) {
                return;
            }
            job->settle(env);
            self->events_.unref(env);
        });
    }
}

/// On the main lane's thread, when it has nothing more to do. No thread starts once the worker is closing.
void Worker::close() {
    if (std::thread & express = queue(Lane::express).thread; express.joinable()) {
        express.join();
    }
    model.reset();
    events_.post([self = shared_from_this()](Napi::Env env) { self->finish_closing(env); });
}

void Worker::enqueue(Napi::Env env, std::shared_ptr<Job> job, Lane lane) {
    if (closed_ || closing_) {
        job->reject(env, Error(ErrorCode::disposed, "The model is disposed: load it again."));
        return;
    }
    if (!queue(lane).thread.joinable() && !start(lane)) {
        job->reject(env, no_thread());
        return;
    }
    events_.ref(env);
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        queue(lane).jobs.push_back(std::move(job));
    }
    changed_.notify_all();
}

void Worker::cancel(Napi::Env env, const std::shared_ptr<Job> & job) {
    bool was_queued = false;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (Queue & queue : queues_) {
            const auto found = std::find(queue.jobs.begin(), queue.jobs.end(), job);
            if (found != queue.jobs.end()) {
                queue.jobs.erase(found);
                was_queued = true;
            }
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
    std::vector<std::shared_ptr<Job>> unstarted;
    std::vector<std::shared_ptr<Job>> running;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (closing_) {
            return;
        }
        closing_ = true;
        for (Queue & queue : queues_) {
            unstarted.insert(unstarted.end(), queue.jobs.begin(), queue.jobs.end());
            queue.jobs.clear();
            if (queue.running) {
                running.push_back(queue.running);
            }
        }
    }
    changed_.notify_all();
    events_.ref(env); // until the threads have ended
    for (const auto & job : unstarted) {
        job->reject(env, disposed());
        events_.unref(env);
    }
    for (const auto & job : running) {
        job->control.cancelled = true;
        job->reject(env, disposed());
    }
}

void Worker::finish_closing(Napi::Env env) {
    std::thread & main = queue(Lane::main).thread;
    // Bun still runs events after the cleanup hooks, where Node drops them
    if (!main.joinable()) {
        return;
    }
    main.join();
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
        for (Queue & queue : worker->queues_) {
            if (queue.running) {
                queue.running->control.cancelled = true;
            }
        }
    }
    worker->changed_.notify_all();
    if (std::thread & main = worker->queue(Lane::main).thread; main.joinable()) {
        main.join(); // which joins the express lane's
    }
    worker->alive_.reset();
}

} // namespace longembed::addon
