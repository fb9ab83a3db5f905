#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <napi.h>

#include "events.h"
#include "job.h"
#include "model.h"

namespace longembed::addon {

/// A model's thread and its queue: jobs run there one after the other, in the order they came.
///
/// It ends in three ways, all on the JavaScript thread: dispose() (jobs fail with ERR_DISPOSED), the model object is garbage
/// (abandon), or the environment ends (process.exit, a worker thread that is terminated): then the hook stops the running
/// job and joins the thread before Node takes the environment apart.
class Worker : public std::enable_shared_from_this<Worker> {
public:
    static std::shared_ptr<Worker> start(Napi::Env env);

    void enqueue(Napi::Env env, std::shared_ptr<Job> job);
    void cancel(Napi::Env env, const std::shared_ptr<Job> & job);

    /// Resolves when the model's memory is given back.
    Napi::Promise dispose(Napi::Env env);

    /// The same without anyone waiting.
    void abandon(Napi::Env env);

    /// Posts to the JavaScript thread, from any thread.
    void post(Events::Event event) { events_.post(std::move(event)); }

    /// Set by the load job, on the worker's thread.
    std::shared_ptr<Model> model;

private:
    explicit Worker(Napi::Env env) : events_(env) {}

    void loop();
    void begin_closing(Napi::Env env);
    void finish_closing(Napi::Env env);

    static void on_environment_end(void * worker);

    Events                  events_;
    std::thread             thread_;
    std::mutex              mutex_;
    std::condition_variable changed_;

    // guarded by mutex_
    std::deque<std::shared_ptr<Job>> queue_;
    std::shared_ptr<Job>             running_;
    bool                             closing_ = false;

    // the JavaScript thread's own
    bool                                 closed_ = false;
    std::shared_ptr<Worker>              alive_;  ///< itself, until its thread is joined
    std::vector<Napi::Promise::Deferred> waiting_for_close_;
};

} // namespace longembed::addon
