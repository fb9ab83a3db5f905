/** A small benchmark without a real model: what a text's vector is, and how often it was computed, tests can tell. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchHooks, BenchOptions, LocalModel, OutputOptions } from '../../../bench/runner/types.js';
import type { BenchProgress } from '../../../bench/runner/types.js';
import { runBench } from '../../../bench/runner/run-bench.js';
import type { Results } from '../../../bench/results/results.js';
import { qmsum } from '../../../bench/tasks/real.js';
import { parseExtend, type LoadOptions } from '../../../lib/index.js';
import { FakeNative } from '../../model/fake-native.js';
import type { NativeFacts } from '../../../lib/native/index.js';
import { jsonl, makeFolder } from '../data/folder.js';

/** Texts of a word each, which is their token: the fake model finds "10" by "10". */
export function numbersTask(documents: readonly string[], queries: readonly string[]): string {
  return makeFolder({
    'qmsum/corpus.jsonl': jsonl(...documents.map((text, i) => ({ doc_id: `d${i}`, text }))),
    'qmsum/queries.jsonl': jsonl(...queries.map((text, i) => ({ qid: `q${i}`, text }))),
    'qmsum/qrels.jsonl': jsonl(...queries.map((_text, i) => ({ qid: `q${i}`, doc_id: `d${i}` }))),
  });
}

export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'longembed-bench-'));
}

/** A file that is no model; the fake one needs one to take the hash of. */
export function modelFile(name = 'fake.gguf', content = name): string {
  const path = join(newFolder(), name);
  writeFileSync(path, content);
  return path;
}

export const DOCUMENTS = ['10', '20 21', '30', '40 41 42', '50'];
export const QUERIES = ['10 11', '20', '30 31', '40'];

export interface Run extends Partial<Omit<BenchOptions & OutputOptions, 'extend'>> {
  /** Spec strings. */
  readonly extend?: readonly string[];
  readonly facts?: Partial<NativeFacts>;
  /** Called before a text's vector leaves the model, with the number of those that have. */
  readonly before?: (computed: number) => void;
  readonly signal?: AbortSignal;
}

/** What a run did beside its results. */
export interface Log {
  /** Of all texts that the models computed, in order: their tokens without [CLS] and [SEP]. */
  readonly computed: string[];
  readonly loaded: (LoadOptions & { path: string })[];
  readonly disposed: string[];
  readonly warnings: string[];
  readonly messages: string[];
  readonly waits: string[];
  readonly progress: BenchProgress[];
  readonly tasks: string[];
  readonly batches: number[];
}

export function optionsOf({ extend = ['none'], ...given }: Run): BenchOptions & OutputOptions {
  return {
    models: [modelFile()],
    extend: extend.map(parseExtend),
    tasks: [qmsum],
    lengths: [256],
    data: numbersTask(DOCUMENTS, QUERIES),
    essays: null,
    seed: 42,
    limit: null,
    cache: newFolder(),
    load: { prompts: { query: '', document: '' } },
    maxTokens: null,
    dimensions: null,
    batchTokens: 1,
    output: newFolder(),
    overwrite: false,
    ...given,
  };
}

export function hooksOf({ facts, before, signal }: Run): { hooks: BenchHooks; log: Log } {
  const log: Log = {
    computed: [],
    loaded: [],
    disposed: [],
    warnings: [],
    messages: [],
    waits: [],
    progress: [],
    tasks: [],
    batches: [],
  };
  const hooks: BenchHooks = {
    loadModel: async (path, options) => {
      log.loaded.push({ ...options, path });
      const native = new FakeNative(facts);
      native.vector = (tokens) => {
        before?.(log.computed.length);
        log.computed.push(tokens.slice(1, -1).join(' '));
        return [tokens[1]!, 100 - tokens[1]!, 1, ...new Array<number>(native.facts.dimensions - 3).fill(0)];
      };
      const model = await native.open({ ...options, preset: false });
      return {
        info: model.info,
        tokenize: (text) => model.tokenize(text),
        embedMany: (...args) => {
          log.batches.push(args[1]?.batchTokens ?? 0);
          return model.embedMany(...args);
        },
        dispose: () => {
          log.disposed.push(path);
          return model.dispose();
        },
      } satisfies LocalModel;
    },
    signal: signal ?? new AbortController().signal,
    onWait: (_fraction, what) => void log.waits.push(what),
    onMessage: (message) => void log.messages.push(message),
    onWarning: (message) => void log.warnings.push(message),
    onProgress: (progress) => void log.progress.push(progress),
    onTask: (model, extend, { task, main }) => void log.tasks.push(`${model} ${extend} ${task} ${main}`),
  };
  return { hooks, log };
}

/** Runs a benchmark to its end. */
export async function bench(
  given: Run = {},
): Promise<Log & { results: Results; json: string; output: string }> {
  const options = optionsOf(given);
  const { hooks, log } = hooksOf(given);
  const results = await runBench(options, hooks);
  return { ...log, results, json: jsonIn(options.output), output: options.output };
}

/** results.json as it is on the disk. */
export function jsonIn(folder: string): string {
  return readFileSync(join(folder, 'results.json'), 'utf8');
}
