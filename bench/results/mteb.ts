/**
 * Results in the format of the Python package mteb: one folder per run, an experiment of the model that it is a variant of, with
 * one file per task. mteb reads the folder `results` of its cache, and its results repository has the same layout.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeFileAtomically } from '../../lib/atomic-file.js';
import { mtebPlace } from './mteb-place.js';
import { isRemote } from '../remote/options.js';
import { taskOf } from '../tasks/index.js';
import { type Timing, timingKey } from './files.js';
import {
  dataOf,
  isLexical,
  mainScore,
  modelOf,
  type ModelResult,
  type Results,
  runName,
  type RunResult,
  type SplitResult,
  type TaskDataResult,
  type TaskResult,
} from './results.js';

/**
 * The release of mteb whose file format, names and scoring rules these files follow; test/oracle/check_mteb.py loads them
 * with it. run_settings.jsonl names the program that computed them.
 */
export const MTEB_VERSION = '2.26.24';

/**
 * Writes a folder for each run, `<folder>/mteb/<owner>__<model>/<revision>/experiments/<settings>/` (mteb-place.ts): one file
 * per task, model_meta.json and run_settings.jsonl. Files of other runs are kept.
 * @param timing tasks without seconds get null
 * @throws LongEmbedError ERR_INVALID_OPTION with the reason when they cannot be written
 */
export async function writeMtebResults(folder: string, results: Results, timing: Timing): Promise<void> {
  for (const run of results.runs) {
    await writeRun(folder, results, timing, run);
  }
}

async function writeRun(folder: string, results: Results, timing: Timing, run: RunResult): Promise<void> {
  const model = modelOf(results, run);
  const place = join(folder, 'mteb', mtebPlace(model, run).folder);
  await writeFileAtomically(join(place, 'model_meta.json'), pretty(mtebModelMeta(model, run)));
  for (const result of run.tasks) {
    const seconds = timing.evaluationSeconds[timingKey(model.id, runName(run), result.task)] ?? null;
    await writeFileAtomically(
      join(place, `${taskOf(result.task).mtebName}.json`),
      pretty(mtebTaskResult(result, dataOf(results, result.task), results.limit, seconds)),
    );
  }
  await writeFileAtomically(join(place, 'run_settings.jsonl'), runSettings(results, run));
}

/** One line per task in mteb's format: which program computed it. */
function runSettings({ versions }: Results, { tasks }: RunResult): string {
  const version = { longembed: versions.longembed, 'llama.cpp': versions.llama, mteb: null };
  return tasks
    .map(({ task, splits }) => ({ task: taskOf(task).mtebName, splits: splits.map(({ name }) => name) }))
    .map((line) => `${JSON.stringify({ ...line, version, encode_kwargs: {}, subsets: ['default'] })}\n`)
    .join('');
}

function pretty(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

/**
 * A task's result in the format of mteb's `TaskResult.to_disk`, without nAUC and the hit rates beyond the first.
 * @param seconds duration of the evaluation; null: unknown
 */
function mtebTaskResult(
  result: TaskResult,
  data: TaskDataResult,
  limit: number | null,
  seconds: number | null,
): object {
  return {
    dataset_revision: datasetRevision(data, limit),
    task_name: taskOf(result.task).mtebName,
    mteb_version: MTEB_VERSION,
    scores: Object.fromEntries(
      result.splits.map((split) => [
        split.name,
        [
          {
            ...metrics(split),
            // MTEB's main score of the synthetic tasks is nDCG@1, which equals Acc@1 for queries with one answer.
            main_score: rounded(mainScore(result, split)),
            hf_subset: 'default',
            languages: ['eng-Latn'],
            mteb_version: MTEB_VERSION,
          },
        ],
      ]),
    ),
    evaluation_time: seconds,
    kg_co2_emissions: null,
    date: null,
    evaluation_phases: null,
  };
}

/** Scores by mteb's names: Acc@1 is its hit rate at 1, and its accuracy is the recall at 1. */
function metrics({ scores }: SplitResult): Record<string, number> {
  const { accuracy_at_1: hitRate, ...same } = scores;
  const named = { ...same, hit_rate_at_1: hitRate, accuracy: scores['recall_at_1'] };
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, score]) => (score === undefined ? [] : [[name, rounded(score)]])),
  );
}

/** Rounded to mteb's number of decimals. */
function rounded(score: number, decimals = 5): number {
  return Number(score.toFixed(decimals));
}

/**
 * The model_meta.json beside MTEB's result files: all fields of its `ModelMeta`, null where a GGUF file has no information.
 * `loader_kwargs` are the settings that turn the file into this embedding model.
 */
function mtebModelMeta(model: ModelResult, run: RunResult): object {
  const { file, sha256, preset, quantization, nativeContext, pooling, prompts } = model;
  const { name, revision, adaptedFrom, experiment } = mtebPlace(model, run);
  return {
    loader_kwargs: isLexical(run)
      ? {}
      : {
          file,
          sha256,
          preset,
          quantization,
          nativeContext,
          extend: run.extend,
          pooling,
          prompts,
          ...scoringOf(run),
        },
    name,
    revision,
    release_date: null,
    languages: null,
    n_parameters: model.parameters === 0 ? null : model.parameters,
    n_active_parameters_override: null,
    n_embedding_parameters: null,
    memory_usage_mb: null,
    max_tokens: isLexical(run) ? null : run.target,
    embed_dim: isLexical(run) ? null : model.dimensions,
    license: null,
    open_weights: null,
    public_training_code: null,
    public_training_data: null,
    framework: isLexical(run) ? [] : isRemote(model.file) ? ['API'] : ['GGUF'],
    reference: null,
    similarity_fn_name: similarityOf(run),
    use_instructions: prompts.query !== '' || prompts.document !== '',
    training_datasets: null,
    adapted_from: adaptedFrom,
    superseded_by: null,
    modalities: ['text'],
    model_type: [modelTypeOf(run)],
    citation: null,
    contacts: null,
    experiment_kwargs: experiment,
    output_dtypes: null,
    extra_requirements_groups: null,
    loader: null,
    is_cross_encoder: false,
  };
}

/** The settings of a run that does not rank by single vectors alone. */
function scoringOf({ vectors, aggregate, hybrid }: RunResult): Partial<RunResult> {
  return {
    ...(vectors === undefined ? {} : { vectors }),
    ...(aggregate === undefined ? {} : { aggregate }),
    ...(hybrid === undefined ? {} : { hybrid }),
  };
}

/** MTEB's names of similarities; null where it has none. */
function similarityOf({ vectors, aggregate, hybrid }: RunResult): string | null {
  if (vectors === 'lexical' || hybrid !== undefined) return null;
  if (vectors === undefined) return 'cosine';
  return aggregate === 'max' ? 'MaxSim' : null;
}

/** MTEB's names of kinds of models. */
function modelTypeOf({ vectors, hybrid }: RunResult): string {
  if (hybrid !== undefined) return 'hybrid';
  if (vectors === undefined) return 'dense';
  return vectors === 'lexical' ? 'sparse' : 'late-interaction';
}

/**
 * The `dataset_revision` of a result file. It is the published revision only if the data can be the published ones: not
 * generated, not limited, and with the same number of documents and queries. Otherwise it is the data's own SHA-256, so that the scores
 * are not mistaken for those of the published task: MTEB merges only results of equal revisions.
 * @param limit `limit` of results.json
 */
function datasetRevision({ task, origin, splits }: TaskDataResult, limit: number | null): string {
  const { published } = taskOf(task);
  const isComplete = splits.every(
    ({ documents, queries }) => documents === published.documents && queries === published.queries,
  );
  if (limit === null && isComplete && !origin.startsWith('generated')) return published.revision;
  const hashes = splits.map(({ name, sha256 }) => `${name} ${sha256}\n`).join('');
  return `sha256-${createHash('sha256').update(hashes).digest('hex')}`;
}
