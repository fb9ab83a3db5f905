#pragma once

#include <functional>
#include <memory>

#include <napi.h>

namespace longembed::addon {

/// A way from any thread to the JavaScript thread: functions posted here run there, in order.
///
/// It keeps the process alive only while hold() outnumbers let_go(), so that an idle model does not stop Node from ending.
class Events {
public:
    using Event = std::function<void(Napi::Env)>;

    explicit Events(Napi::Env env);

    Events(const Events &)             = delete;
    Events & operator=(const Events &) = delete;

    /// From any thread. Events that are still waiting when the environment ends are dropped.
    void post(Event event);

    /// On the JavaScript thread.
    void hold(Napi::Env env);
    void let_go(Napi::Env env);
    void close();

private:
    static void call(Napi::Env env, Napi::Function unused, std::nullptr_t * context, Event * event);

    using Function = Napi::TypedThreadSafeFunction<std::nullptr_t, Event, call>;

    Function function_;
    int      holds_ = 0;
};

} // namespace longembed::addon
