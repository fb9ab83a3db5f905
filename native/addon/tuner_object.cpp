#include "tuner_object.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "addon_data.h"
#include "convert.h"
#include "job.h"
#include "model_object.h"

namespace longembed::addon {

namespace {

template <typename Array, typename Element, napi_typedarray_type type>
std::vector<Element> copied(const Napi::Object & object, const char * name) {
    const Napi::Value value = object.Get(name);
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
        throw Napi::TypeError::New(object.Env(), std::string(name) + " is not a typed array of the right kind");
    }
    const Array array = value.As<Array>();
    return {array.Data(), array.Data() + array.ElementLength()};
}

std::vector<int32_t> ints(const Napi::Object & object, const char * name) {
    return copied<Napi::Int32Array, int32_t, napi_int32_array>(object, name);
}

std::vector<float> floats(const Napi::Object & object, const char * name) {
    return copied<Napi::Float32Array, float, napi_float32_array>(object, name);
}

/// A NativeTuneBatch, copied, so that the caller may reuse its arrays.
struct OwnedBatch {
    std::vector<int32_t> tokens;
    std::vector<int32_t> lengths;
    std::vector<int32_t> first_positions;
    std::vector<int32_t> ids;
    int64_t              queries;

    explicit OwnedBatch(const Napi::Object & object)
        : tokens(ints(object, "tokens")), lengths(ints(object, "lengths")),
          first_positions(ints(object, "firstPositions")), ids(ints(object, "ids")),
          queries(object.Get("queries").ToNumber().Int64Value()) {
        int64_t    total = 0;
        const auto texts = static_cast<int64_t>(lengths.size());
        for (int32_t length : lengths) {
            total += length;
        }
        if (total != static_cast<int64_t>(tokens.size()) || first_positions.size() != lengths.size() ||
            ids.size() != lengths.size() || queries < 1 || texts < 2 * queries) {
            throw Napi::TypeError::New(object.Env(), "the arrays of a batch do not fit each other");
        }
    }

    TuneBatch view() const {
        return {{tokens.data(), lengths.data(), first_positions.data(), static_cast<int64_t>(lengths.size())},
                ids.data(),
                queries};
    }
};

Napi::Object figures_object(Napi::Env env, const ContrastFigures & figures) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("loss", figures.loss);
    object.Set("accuracy", figures.accuracy);
    object.Set("reciprocalRank", figures.reciprocal_rank);
    return object;
}

Napi::Object figures_object(Napi::Env env, const TuneFigures & figures) {
    Napi::Object object = figures_object(env, figures.contrast);
    object.Set("gradientNorm", figures.gradient_norm);
    return object;
}

Napi::Float64Array doubles(Napi::Env env, const std::vector<double> & values) {
    Napi::Float64Array array = Napi::Float64Array::New(env, values.size());
    std::copy(values.begin(), values.end(), array.Data());
    return array;
}

/// Work of a tuner. What it captures lives until the job settles.
template <typename Result> class TunerJob : public Job {
public:
    using Work = std::function<Result(PositionTuner & tuner, Control & control)>;
    using Give = std::function<Napi::Value(Napi::Env env, const Result & result)>;

    TunerJob(Napi::Env env, std::shared_ptr<TunerObject::Shared> shared, Work work, Give give)
        : Job(env), shared_(std::move(shared)), work_(std::move(work)), give_(std::move(give)) {
        shared_->progress = 0.0f;
        control.progress  = [own = shared_.get()](float fraction) { own->progress = fraction; };
    }

protected:
    void work() override { result_ = work_(*shared_->tuner, control); }

    Napi::Value result(Napi::Env env) override { return give_(env, result_); }

    void release() override {
        shared_.reset();
        result_ = {};
        work_   = nullptr;
        give_   = nullptr;
    }

private:
    std::shared_ptr<TunerObject::Shared> shared_;
    Work                                 work_;
    Give                                 give_;
    Result                               result_{};
};

template <typename Result> Napi::Value start_job(Napi::Env env, const std::shared_ptr<TunerObject::Shared> & shared,
                                                 typename TunerJob<Result>::Work work,
                                                 typename TunerJob<Result>::Give give) {
    return PoolJob::start(env, std::make_shared<TunerJob<Result>>(env, shared, std::move(work), std::move(give)));
}

/// Makes a tuner: weights are transposed, which takes a while for a large model.
class StartJob : public Job {
public:
    StartJob(Napi::Env env, std::shared_ptr<const Model> model, Pooling pooling, std::vector<float> rows,
             std::vector<uint8_t> frozen, int threads)
        : Job(env), model_(std::move(model)), pooling_(pooling), rows_(std::move(rows)), frozen_(std::move(frozen)),
          threads_(threads) {}

protected:
    void work() override {
        shared_        = std::make_shared<TunerObject::Shared>();
        shared_->tuner = std::make_unique<PositionTuner>(model_->weights(), pooling_, std::move(rows_),
                                                         std::move(frozen_), threads_);
    }

    Napi::Value result(Napi::Env env) override {
        return env.GetInstanceData<AddonData>()->tuner_class.New(
            {Napi::External<std::shared_ptr<TunerObject::Shared>>::New(env, &shared_)});
    }

    void release() override {
        model_.reset();
        shared_.reset();
    }

private:
    std::shared_ptr<const Model>         model_;
    Pooling                              pooling_;
    std::vector<float>                   rows_;
    std::vector<uint8_t>                 frozen_;
    int                                  threads_;
    std::shared_ptr<TunerObject::Shared> shared_;
};

AdamW optimizer_of(const Napi::Object & object) {
    const auto number = [&](const char * name) { return object.Get(name).ToNumber().DoubleValue(); };
    return {number("rate"), number("beta1"), number("beta2"), number("epsilon"), number("weightDecay")};
}

} // namespace

Napi::Function TunerObject::define(Napi::Env env) {
    return DefineClass(env, "NativeTuner",
                       {
                           InstanceAccessor<&TunerObject::progress>("progress"),
                           InstanceAccessor<&TunerObject::bytes>("bytes"),
                           InstanceMethod<&TunerObject::embed>("embed"),
                           InstanceMethod<&TunerObject::evaluate>("evaluate"),
                           InstanceMethod<&TunerObject::gradient>("gradient"),
                           InstanceMethod<&TunerObject::step>("step"),
                           InstanceMethod<&TunerObject::state>("state"),
                           InstanceMethod<&TunerObject::restore>("restore"),
                           InstanceMethod<&TunerObject::dispose>("dispose"),
                       });
}

Napi::Value TunerObject::start(const Napi::CallbackInfo & info) {
    const Napi::Env              env     = info.Env();
    const Napi::Object           options = info[1].ToObject();
    std::shared_ptr<const Model> model   = ModelObject::model_of(env, info[0]);
    const int                    threads = options.Get("threads").ToNumber().Int32Value();
    const int                    used    = threads > 0 ? threads : model->facts().threads;
    return PoolJob::start(env, std::make_shared<StartJob>(
                                   env, std::move(model), pooling_of(options.Get("pooling").ToString().Utf8Value()),
                                   floats(options, "rows"),
                                   copied<Napi::Uint8Array, uint8_t, napi_uint8_array>(options, "frozen"), used));
}

TunerObject::TunerObject(const Napi::CallbackInfo & info) : Napi::ObjectWrap<TunerObject>(info) {
    if (!info[0].IsExternal()) {
        throw Napi::TypeError::New(info.Env(), "a tuner comes from startTuner()");
    }
    shared_ = *info[0].As<Napi::External<std::shared_ptr<Shared>>>().Data();
}

std::shared_ptr<TunerObject::Shared> TunerObject::shared(Napi::Env env) const {
    if (!shared_) {
        throw to_js(env, Error(ErrorCode::disposed, "The tuner is disposed."));
    }
    return shared_;
}

Napi::Value TunerObject::progress(const Napi::CallbackInfo & info) {
    return Napi::Number::New(info.Env(), shared(info.Env())->progress.load());
}

Napi::Value TunerObject::bytes(const Napi::CallbackInfo & info) {
    return Napi::Number::New(info.Env(), static_cast<double>(shared(info.Env())->tuner->bytes()));
}

Napi::Value TunerObject::embed(const Napi::CallbackInfo & info) {
    const auto batch = std::make_shared<OwnedBatch>(info[0].ToObject());
    return start_job<std::vector<double>>(
        info.Env(), shared(info.Env()),
        [batch](PositionTuner & tuner, Control & control) { return tuner.embed(batch->view().texts, control); },
        [](Napi::Env env, const std::vector<double> & vectors) { return doubles(env, vectors); });
}

Napi::Value TunerObject::evaluate(const Napi::CallbackInfo & info) {
    const auto   batch       = std::make_shared<OwnedBatch>(info[0].ToObject());
    const double temperature = info[1].ToNumber().DoubleValue();
    return start_job<ContrastFigures>(
        info.Env(), shared(info.Env()),
        [batch, temperature](PositionTuner & tuner, Control & control) {
            return tuner.evaluate(batch->view(), temperature, control);
        },
        [](Napi::Env env, const ContrastFigures & figures) { return figures_object(env, figures); });
}

Napi::Value TunerObject::gradient(const Napi::CallbackInfo & info) {
    struct Result {
        TuneFigures         figures;
        std::vector<double> by_rows;
    };
    const auto   batch       = std::make_shared<OwnedBatch>(info[0].ToObject());
    const double temperature = info[1].ToNumber().DoubleValue();
    return start_job<Result>(
        info.Env(), shared(info.Env()),
        [batch, temperature](PositionTuner & tuner, Control & control) {
            Result result;
            result.figures = tuner.gradient(batch->view(), temperature, control, result.by_rows);
            return result;
        },
        [](Napi::Env env, const Result & result) {
            Napi::Object object = figures_object(env, result.figures);
            object.Set("gradient", doubles(env, result.by_rows));
            return object;
        });
}

Napi::Value TunerObject::step(const Napi::CallbackInfo & info) {
    const auto   batch       = std::make_shared<OwnedBatch>(info[0].ToObject());
    const double temperature = info[1].ToNumber().DoubleValue();
    const AdamW  optimizer   = optimizer_of(info[2].ToObject());
    return start_job<TuneFigures>(
        info.Env(), shared(info.Env()),
        [batch, temperature, optimizer](PositionTuner & tuner, Control & control) {
            return tuner.step(batch->view(), temperature, optimizer, control);
        },
        [](Napi::Env env, const TuneFigures & figures) { return figures_object(env, figures); });
}

Napi::Value TunerObject::state(const Napi::CallbackInfo & info) {
    return start_job<PositionTuner::State>(
        info.Env(), shared(info.Env()), [](PositionTuner & tuner, Control &) { return tuner.state(); },
        [](Napi::Env env, const PositionTuner::State & state) {
            Napi::Object object = Napi::Object::New(env);
            object.Set("rows", float32_array(env, state.rows));
            object.Set("first", float32_array(env, state.first));
            object.Set("second", float32_array(env, state.second));
            object.Set("steps", static_cast<double>(state.steps));
            return object;
        });
}

Napi::Value TunerObject::restore(const Napi::CallbackInfo & info) {
    const Napi::Object   object = info[0].ToObject();
    PositionTuner::State state;
    state.rows       = floats(object, "rows");
    state.first      = floats(object, "first");
    state.second     = floats(object, "second");
    state.steps      = object.Get("steps").ToNumber().Int64Value();
    const auto given = std::make_shared<PositionTuner::State>(std::move(state));
    return start_job<bool>(
        info.Env(), shared(info.Env()),
        [given](PositionTuner & tuner, Control &) {
            tuner.restore(std::move(*given));
            return true;
        },
        [](Napi::Env env, const bool &) { return env.Undefined(); });
}

Napi::Value TunerObject::dispose(const Napi::CallbackInfo & info) {
    shared_.reset();
    return info.Env().Undefined();
}

} // namespace longembed::addon
