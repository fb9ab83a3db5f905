#include "convert.h"

#include <algorithm>

namespace longembed::addon {

namespace {

template <typename Element, napi_typedarray_type type>
const Element * typed_array(const Napi::Object & object, const char * name, size_t * length) {
    const Napi::Value value = object.Get(name);
    if (value.IsNull() || value.IsUndefined()) {
        *length = 0;
        return nullptr;
    }
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
        throw Napi::TypeError::New(object.Env(),
                                   std::string("batch.") + name + " is not a typed array of the right kind");
    }
    auto array = value.As<Napi::TypedArrayOf<Element>>();
    *length    = array.ElementLength();
    return array.Data();
}

template <typename Element, napi_typedarray_type type>
const Element * array_of_length(const Napi::Object & object, const char * name, size_t expected) {
    size_t          length = 0;
    const Element * data   = typed_array<Element, type>(object, name, &length);
    if (data != nullptr && length != expected) {
        throw Napi::TypeError::New(object.Env(), std::string("batch.") + name + " has " + std::to_string(length) +
                                                     " entries, not " + std::to_string(expected));
    }
    return data;
}

Napi::Array id_array(Napi::Env env, const std::vector<int32_t> & ids) {
    Napi::Array array = Napi::Array::New(env, ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
        array.Set(static_cast<uint32_t>(i), Napi::Number::New(env, ids[i]));
    }
    return array;
}

Napi::Value text_or_null(Napi::Env env, const std::string & text) {
    return text.empty() ? env.Null() : Napi::String::New(env, text).As<Napi::Value>();
}

Napi::Value pooling_or_null(Napi::Env env, FilePooling pooling) {
    switch (pooling) {
        case FilePooling::none: return Napi::String::New(env, "none");
        case FilePooling::mean: return Napi::String::New(env, "mean");
        case FilePooling::cls: return Napi::String::New(env, "cls");
        case FilePooling::last: return Napi::String::New(env, "last");
        case FilePooling::rank: return Napi::String::New(env, "rank");
        case FilePooling::unspecified: break;
    }
    return env.Null();
}

template <typename Array, typename Element> Array copy_to(Napi::Env env, const std::vector<Element> & values) {
    Array array = Array::New(env, values.size());
    std::copy(values.begin(), values.end(), array.Data());
    return array;
}

} // namespace

Pooling pooling_of(const std::string & name) {
    if (name == "cls") {
        return Pooling::cls;
    }
    return name == "last" ? Pooling::last : Pooling::mean;
}

LoadOptions load_options(const Napi::Object & object) {
    LoadOptions options;
    options.threads      = object.Get("threads").ToNumber().Int32Value();
    options.backend      = object.Get("backend").ToString().Utf8Value();
    options.gpu_layers   = object.Get("gpuLayers").ToNumber().Int32Value();
    options.check_device = object.Get("checkDevice").ToBoolean().Value();
    options.mmap         = object.Get("mmap").ToBoolean().Value();
    if (const Napi::Value repack = object.Get("repack"); repack.IsBoolean()) {
        options.repack = repack.ToBoolean().Value() ? Repack::always : Repack::never;
    }
    options.precision = object.Get("precision").ToString().Utf8Value() == "bf16" ? Precision::bf16 : Precision::full;
    return options;
}

Batch batch_of(const Napi::Object & object) {
    Batch  batch;
    size_t tokens     = 0;
    size_t sequences  = 0;
    batch.tokens      = typed_array<int32_t, napi_int32_array>(object, "tokens", &tokens);
    batch.lengths     = typed_array<int32_t, napi_int32_array>(object, "lengths", &sequences);
    batch.n_tokens    = static_cast<int64_t>(tokens);
    batch.n_sequences = static_cast<int64_t>(sequences);
    batch.positions   = array_of_length<float, napi_float32_array>(object, "positions", tokens);
    batch.logit_scale = array_of_length<float, napi_float32_array>(object, "logitScale", tokens);
    if (const Napi::Value pair = object.Get("selfExtend"); pair.IsArray()) {
        batch.self_extend_group  = pair.As<Napi::Array>().Get(uint32_t{0}).ToNumber().Int32Value();
        batch.self_extend_window = pair.As<Napi::Array>().Get(uint32_t{1}).ToNumber().Int32Value();
    }
    size_t factors       = 0;
    size_t ends          = 0;
    batch.rope_factors   = typed_array<double, napi_float64_array>(object, "ropeFactors", &factors);
    batch.n_rope_factors = static_cast<int64_t>(factors);
    batch.ranges         = typed_array<int32_t, napi_int32_array>(object, "ranges", &ends);
    batch.n_ranges       = static_cast<int64_t>(ends / 2);
    batch.rope_base      = object.Get("ropeBase").ToNumber().DoubleValue();
    batch.rope_scale     = object.Get("ropeScale").ToNumber().DoubleValue();
    batch.pooling        = pooling_of(object.Get("pooling").ToString().Utf8Value());
    return batch;
}

Napi::Object vocabulary_facts_object(Napi::Env env, const Vocabulary & vocabulary) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("tokenizer", vocabulary.type());
    object.Set("normalizer", text_or_null(env, vocabulary.takes_nfc() ? "nfc" : ""));
    object.Set("vocabularySize", vocabulary.size());
    object.Set("prefixTokens", id_array(env, vocabulary.prefix()));
    object.Set("suffixTokens", id_array(env, vocabulary.suffix()));
    object.Set("bosToken", vocabulary.bos());
    object.Set("eosToken", vocabulary.eos());
    return object;
}

Napi::Object facts_object(Napi::Env env, const Facts & facts, const Vocabulary & vocabulary) {
    Napi::Object metadata = Napi::Object::New(env);
    for (const auto & pair : facts.metadata) {
        metadata.Set(pair.first, pair.second);
    }

    Napi::Array placement = Napi::Array::New(env, facts.placement.size());
    for (size_t i = 0; i < facts.placement.size(); ++i) {
        Napi::Object share = Napi::Object::New(env);
        share.Set("device", facts.placement[i].device);
        share.Set("layers", facts.placement[i].layers);
        placement.Set(static_cast<uint32_t>(i), share);
    }

    Napi::Object object = vocabulary_facts_object(env, vocabulary);
    object.Set("architecture", facts.architecture);
    object.Set("name", text_or_null(env, facts.name));
    object.Set("metadata", metadata);
    object.Set("engine", facts.engine == EngineKind::graph ? "graph" : "llama_context");
    object.Set("engineReason", text_or_null(env, facts.engine_reason));
    object.Set("layers", facts.layers);
    object.Set("slidingLayers", facts.sliding_layers);
    object.Set("reach", facts.reach);
    object.Set("dimensions", facts.dimensions);
    object.Set("heads", facts.heads);
    object.Set("headsKv", facts.kv_heads);
    object.Set("feedForward", facts.feed_forward);
    object.Set("parameters", static_cast<double>(facts.parameters));
    object.Set("sizeBytes", static_cast<double>(facts.size_bytes));
    object.Set("quantization", facts.quantization);
    object.Set("contextLength", facts.context_length);
    object.Set("positionEncoding", name_of(facts.position_encoding));
    object.Set("positionRows", facts.position_rows);
    object.Set("ropeBase", facts.rope_base);
    object.Set("ropeScale", facts.rope_scale);
    object.Set("ropeDimensions", facts.rope_dimensions);
    object.Set("causal", facts.causal);
    object.Set("pooling", pooling_or_null(env, facts.pooling));
    object.Set("gpuLayers", facts.gpu_layers);
    object.Set("placement", placement);
    object.Set("device", facts.device);
    object.Set("threads", facts.threads);
    object.Set("expressLane", facts.has_express_lane());
    return object;
}

Napi::Object memory_object(Napi::Env env, const MemoryEstimate & estimate) {
    const auto  number  = [env](uint64_t bytes) { return Napi::Number::New(env, static_cast<double>(bytes)); };
    Napi::Array devices = Napi::Array::New(env, estimate.devices.size());
    for (size_t i = 0; i < estimate.devices.size(); ++i) {
        const DeviceMemory & memory = estimate.devices[i];
        Napi::Object         device = Napi::Object::New(env);
        device.Set("name", memory.device);
        device.Set("host", memory.host);
        device.Set("weights", number(memory.weights));
        device.Set("activations", number(memory.activations));
        device.Set("graphs", number(memory.graphs));
        device.Set("missing", number(memory.missing));
        device.Set("available", number(memory.available));
        devices.Set(static_cast<uint32_t>(i), device);
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("resident", number(estimate.resident));
    object.Set("devices", devices);
    object.Set("express", number(estimate.express));
    return object;
}

Napi::Int32Array int32_array(Napi::Env env, const std::vector<int32_t> & values) {
    return copy_to<Napi::Int32Array>(env, values);
}

Napi::Float32Array float32_array(Napi::Env env, const std::vector<float> & values) {
    return copy_to<Napi::Float32Array>(env, values);
}

} // namespace longembed::addon
