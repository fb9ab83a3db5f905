#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <napi.h>

#include "job.h"
#include "model.h"

namespace longembed::addon {

/// Runs functions that any thread posts on the JavaScript thread, in order.
///
/// It keeps the process alive only while there are more calls of ref() than of unref(), so that an idle model does not
/// keep Node running.
class Events {
public:
    using Event = std::function<void(Napi::Env)>;

    explicit Events(Napi::Env env);

    Events(const Events &)             = delete;
    Events & operator=(const Events &) = delete;

    /// From any thread. Events that are still queued when the environment ends are dropped.
    void post(Event event);

    /// On the JavaScript thread.
    void ref(Napi::Env env);
    void unref(Napi::Env env);
    void close();

private:
    static void call(Napi::Env env, Napi::Function unused, std::nullptr_t * context, Event * event);

    using Function = Napi::TypedThreadSafeFunction<std::nullptr_t, Event, call>;

    Function function_;
    int      refs_ = 0;
};

/// A model's threads and their queues, one for each lane: the jobs of a lane run one after the other, in the order in
/// which they were added. The express lane's thread starts with its first job.
///
/// It ends in three ways, all on the JavaScript thread: dispose() (jobs fail with ERR_DISPOSED); the model object is
/// garbage collected (abandon); or the environment ends (process.exit, a terminated worker thread), when the cleanup
/// hook stops the running jobs and joins the threads before Node destroys the environment.
class Worker : public std::enable_shared_from_this<Worker> {
public:
    static std::shared_ptr<Worker> start(Napi::Env env);

    void enqueue(Napi::Env env, std::shared_ptr<Job> job, Lane lane = Lane::main);
    void cancel(Napi::Env env, const std::shared_ptr<Job> & job);

    /// Resolves when the model's memory is freed.
    Napi::Promise dispose(Napi::Env env);

    /// The same without a promise.
    void abandon(Napi::Env env);

    /// Posts to the JavaScript thread, from any thread.
    void post(Events::Event event) { events_.post(std::move(event)); }

    /// Set by the load job, on the main lane's thread.
    std::shared_ptr<Model> model;

private:
    explicit Worker(Napi::Env env) : events_(env) {}

    /// A thread, the jobs that wait for it, and the one that it runs.
    struct Queue {
        std::thread                      thread;
        std::deque<std::shared_ptr<Job>> jobs;    ///< guarded by mutex_
        std::shared_ptr<Job>             running; ///< guarded by mutex_
    };

    Queue & queue(Lane lane) { return queues_[static_cast<size_t>(lane)]; }

    /// @return whether the system started a thread
    bool start(Lane lane);
    void loop(Queue & queue);
    bool take(Queue & queue, std::shared_ptr<Job> & job);
    void close();
    void begin_closing(Napi::Env env);
    void finish_closing(Napi::Env env);

    static void on_environment_end(void * worker);

    Events                  events_;
    std::array<Queue, 2>    queues_;
    std::mutex              mutex_;
    std::condition_variable changed_;
    bool                    closing_ = false; ///< guarded by mutex_; set on the JavaScript thread

    // used only on the JavaScript thread
    bool                                 closed_ = false;
    std::shared_ptr<Worker>              alive_; ///< a reference to itself until its threads are joined
    std::vector<Napi::Promise::Deferred> waiting_for_close_;
};

} // namespace longembed::addon
