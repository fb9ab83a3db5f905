import type { ModelResult, RunResult } from '../results.js';
import { mtebModelName } from './names.js';

/**
 * The model_meta.json beside MTEB's result files: all fields of its `ModelMeta`, null where a GGUF file does not say.
 * `loader_kwargs` is what makes this embedding model of the file.
 */
export function mtebModelMeta(model: ModelResult, run: RunResult): object {
  const { file, preset, quantization, nativeContext, pooling, prompts } = model;
  return {
    loader_kwargs: { file, preset, quantization, nativeContext, extend: run.extend, pooling, prompts },
    name: mtebModelName(model, run),
    revision: model.sha256,
    release_date: null,
    languages: null,
    n_parameters: model.parameters,
    n_active_parameters_override: null,
    n_embedding_parameters: null,
    memory_usage_mb: null,
    max_tokens: run.target,
    embed_dim: model.dimensions,
    license: null,
    open_weights: null,
    public_training_code: null,
    public_training_data: null,
    framework: ['GGUF'],
    reference: null,
    similarity_fn_name: 'cosine',
    use_instructions: prompts.query !== '' || prompts.document !== '',
    training_datasets: null,
    adapted_from: null,
    superseded_by: null,
    modalities: ['text'],
    model_type: ['dense'],
    citation: null,
    contacts: null,
    experiment_kwargs: null,
    output_dtypes: null,
    extra_requirements_groups: null,
    loader: null,
    is_cross_encoder: false,
  };
}
