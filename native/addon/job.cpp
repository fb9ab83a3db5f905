#include "job.h"

#include <new>

namespace longembed::addon {

void Job::run() {
    try {
        control.check();
        work();
    } catch (...) {
        error_ = current_error();
    }
}

void Job::settle(Napi::Env env) {
    if (settled_) {
        return;
    }
    if (error_) {
        reject(env, *error_);
        return;
    }
    settled_ = true;
    try {
        deferred_.Resolve(result(env));
    } catch (const Napi::Error & error) {
        deferred_.Reject(error.Value());
    }
    release();
}

void Job::reject(Napi::Env env, const Error & error) {
    if (settled_) {
        return;
    }
    settled_ = true;
    deferred_.Reject(to_js(env, error).Value());
    release();
}

Napi::ObjectReference keep(const Napi::Object & object) {
    Napi::ObjectReference reference = Napi::Persistent(object);
    reference.SuppressDestruct();
    return reference;
}

Napi::Error to_js(Napi::Env env, const Error & error) {
    Napi::Error js = Napi::Error::New(env, error.what());
    js.Set("code", error_name(error.code()));
    return js;
}

Error current_error() {
    try {
        throw;
    } catch (const Error & error) {
        return error;
    } catch (const std::bad_alloc &) {
        return Error(ErrorCode::out_of_memory, "There is not enough memory for this call.");
    } catch (const std::exception & error) {
        return Error(ErrorCode::backend, std::string("The native engine failed: ") + error.what() + ".");
    } catch (...) {
        return Error(ErrorCode::backend, "The native engine failed for an unknown reason.");
    }
}

} // namespace longembed::addon
