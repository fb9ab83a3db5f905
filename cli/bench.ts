import {
  type BenchHooks,
  type BenchOptions,
  defaultCacheFolder,
  dryRun,
  PAPER_LENGTHS,
  resultsTable,
  runBench,
  TASKS,
} from '../bench/index.js';
import { TASK_NAMES } from '../bench/tasks/index.js';
import { modelFile } from '../lib/shipped-models.js';
import { dryRunText } from './bench-dry-run.js';
import { BenchMeter } from './bench-meter.js';
import type { BenchCommandOptions } from './bench-options.js';
import type { Context } from './context.js';
import { EXIT, Interrupted, UsageError } from './exit.js';
import { loadOptions } from './model-options.js';
import { StdoutSink } from './output/stdout-sink.js';
import { viewOn } from './progress/view-on.js';
import type { View } from './progress/view.js';

const METRICS = { accuracy_at_1: 'Acc@1', ndcg_at_10: 'nDCG@10' } as const;

/** `longembed bench`: the LongEmbed benchmark. Resolves to the exit code. */
export async function bench(options: BenchCommandOptions, context: Context): Promise<number> {
  const checked = benchOptions(options);
  const { output } = options;
  const view = viewOn(context.stderr, options.quiet === true);
  const stdout = new StdoutSink(context.stdout);
  const hooks = hooksOn(view, context);
  try {
    if (options.dryRun === true) {
      const found = await dryRun(checked, hooks);
      view.end();
      await stdout.write(dryRunText(found));
      return EXIT.done;
    }
    if (output === undefined) throw new UsageError('Say where results go: --output FOLDER.');
    const results = await runBench({ ...checked, output, overwrite: options.force === true }, hooks);
    view.end();
    await stdout.write(`${resultsTable(results, { colors: context.stdout.isTTY === true })}\n`);
    view.summary(`longembed: results.json, report.html, timing.json and MTEB's files are in ${output}`);
    return EXIT.done;
  } catch (error) {
    if (!(context.signal.reason instanceof Interrupted)) throw error;
    view.message(
      `longembed: interrupted (${context.signal.reason.signal}); what was computed is kept in ${checked.cache}: ` +
        'the same command goes on from there',
    );
    return context.signal.reason.exitCode;
  } finally {
    view.end();
  }
}

/** What the benchmark takes of the options, with every default. */
function benchOptions(options: BenchCommandOptions): BenchOptions {
  const names = options.tasks ?? TASK_NAMES;
  const tasks = TASKS.filter(({ name }) => names.includes(name));
  const unused = [
    ...(options.lengths !== undefined && !tasks.some(({ kind }) => kind === 'synthetic')
      ? ['--lengths']
      : []),
    ...(options.essays !== undefined && !names.includes('needle') ? ['--essays'] : []),
  ];
  if (unused[0] !== undefined) {
    throw new UsageError(`${unused[0]} is of no use: no task of ${names.join(', ')} takes it.`);
  }
  const { queryPrompt, documentPrompt } = options;
  return {
    models: options.model.map(modelFile),
    extend: options.extend ?? [{ method: 'none' }],
    tasks,
    lengths: [...new Set(options.lengths ?? PAPER_LENGTHS)].sort((a, b) => a - b),
    data: options.data ?? null,
    essays: options.essays ?? null,
    seed: options.seed ?? 42,
    limit: options.limit ?? null,
    cache: options.cache ?? defaultCacheFolder(),
    load: {
      ...loadOptions(options),
      pooling: options.pooling,
      prompts: options.prompts
        ? { query: queryPrompt, document: documentPrompt }
        : { query: '', document: '' },
    },
    maxTokens: options.maxTokens ?? null,
    batchTokens: options.batchTokens,
  };
}

function hooksOn(view: View, { loadModel, signal }: Context): BenchHooks {
  const meter = new BenchMeter();
  return {
    loadModel,
    signal,
    onWait: (fraction, what) => view.loading(fraction, what),
    onMessage: (message) => view.summary(`longembed: ${message}`),
    onWarning: (message) => view.message(`longembed: warning: ${message}`),
    onProgress: (progress) => {
      meter.update(progress);
      view.show(meter);
    },
    onTask: (model, extend, { task, mainMetric, main }) =>
      view.summary(
        `longembed: ${model}, ${extend}, ${task}: ${METRICS[mainMetric]} ${(main * 100).toFixed(2)}`,
      ),
  };
}
