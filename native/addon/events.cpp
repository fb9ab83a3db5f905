#include "events.h"

namespace longembed::addon {

Events::Events(Napi::Env env) : function_(Function::New(env, "longembed", /*unlimited queue*/ 0, /*threads*/ 1)) {
    function_.Unref(env);
}

void Events::post(Event event) {
    auto * posted = new Event(std::move(event));
    if (function_.NonBlockingCall(posted) != napi_ok) {
        delete posted; // the environment is ending: nobody is left to hear of it
    }
}

void Events::hold(Napi::Env env) {
    if (holds_++ == 0) {
        function_.Ref(env);
    }
}

void Events::let_go(Napi::Env env) {
    if (--holds_ == 0) {
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
        // a callback of the user's threw; or the thread is being terminated, when every call fails and this one does nothing
        error.ThrowAsJavaScriptException();
    }
}

} // namespace longembed::addon
