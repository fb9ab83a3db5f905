import { join } from 'node:path';
import { mean } from '../numbers.js';
import { writeReport } from '../report/page.js';
import { timingKey, writeResults, writeTiming } from '../results/files.js';
import { writeMtebResults } from '../results/mteb.js';
import type { Results, RunResult, TaskResult } from '../results/results.js';
import { PAPER_TASKS } from '../reference/index.js';
import { describeRun } from './describe.js';
import { checkDiskSpace } from './folders.js';
import type { CheckedModel } from './models.js';
import type { BenchHooks, BenchOptions, OutputOptions } from './types.js';
import { checkNothingIsLost, type PlannedRun, prepareOutputFolder } from './output-folder.js';
import type { Plan } from './plan.js';
import { type Prepared, withPrepared } from './prepare.js';
import { Meter } from './progress.js';
import { runTask } from './run-task.js';
import { type ModelRun, planWorkload, recordSpeed } from './workload.js';

/**
 * Runs models with strategies on tasks and writes results.json, MTEB's files, timing.json and report.html into the output
 * folder, updated after every task. All embeddings are cached, so that an interrupted run continues where it stopped when it
 * is started again; the results are the same as without the interruption.
 * @throws LongEmbedError before anything is computed: ERR_INVALID_OPTION, ERR_INPUT_EMPTY, ERR_MODEL_NOT_FOUND and what
 *   loading throws, ERR_STRATEGY_UNSUPPORTED when no model supports a strategy. Later: what embedding a text throws, with the
 *   name of the text; ERR_INVALID_OPTION when a disk is full; ERR_ABORTED
 */
export async function runBench(options: BenchOptions & OutputOptions, hooks: BenchHooks): Promise<Results> {
  await prepareOutputFolder(options.output);
  return withPrepared(options, hooks, (prepared) => new BenchRun(prepared, options, hooks).run());
}

class BenchRun {
  readonly #prepared: Prepared;
  readonly #options: BenchOptions & OutputOptions;
  readonly #hooks: BenchHooks;
  readonly #meter = new Meter();
  readonly #description: Results;
  readonly #runs: RunResult[] = [];
  readonly #seconds: Record<string, number> = {};

  constructor(prepared: Prepared, options: BenchOptions & OutputOptions, hooks: BenchHooks) {
    this.#prepared = prepared;
    this.#options = options;
    this.#hooks = hooks;
    this.#description = describeRun(prepared, options);
  }

  async run(): Promise<Results> {
    const { store, slot } = this.#prepared;
    const { output, overwrite } = this.#options;
    if (!overwrite) await checkNothingIsLost(output, this.#description, this.#planned());
    const { runs, bytes } = planWorkload(this.#prepared, this.#meter);
    checkDiskSpace(store.folder, bytes);
    for (const run of runs) await this.#run(run);
    await slot.free();
    return this.#results;
  }

  /** All runs, without scores. */
  #planned(): PlannedRun[] {
    const { models, tasks } = this.#prepared;
    const names = tasks.map(({ task }) => ({ task: task.name }));
    return models.flatMap(({ id, plans }) =>
      plans.map(({ spec, target }) => ({ model: id, extend: spec, target, tasks: names })),
    );
  }

  async #run(run: ModelRun): Promise<void> {
    const { checked, plan, throughput } = run;
    const worker = {
      ...run,
      prepared: this.#prepared,
      options: this.#options,
      hooks: this.#hooks,
      meter: this.#meter,
    };
    const finished: TaskResult[] = [];
    const place = this.#runs.length;
    for (const task of this.#prepared.tasks) {
      const { result, seconds } = await runTask(worker, task);
      finished.push(result);
      this.#seconds[timingKey(checked.id, plan.spec, result.task)] = seconds;
      this.#runs[place] = runOf(checked, plan, finished);
      await this.#write();
      this.#hooks.onTask(checked.id, plan.spec, result);
    }
    recordSpeed(this.#prepared.store, checked, plan.method, {
      work: throughput.actual,
      seconds: throughput.seconds,
    });
  }

  get #results(): Results {
    return { ...this.#description, runs: this.#runs };
  }

  async #write(): Promise<void> {
    const { output } = this.#options;
    const results = this.#results;
    const timing = { evaluationSeconds: this.#seconds };
    await writeResults(output, results);
    await writeTiming(output, timing);
    await writeMtebResults(output, results, timing);
    await writeReport(join(output, 'report.html'), results);
  }
}

function runOf({ id }: CheckedModel, plan: Plan, tasks: readonly TaskResult[]): RunResult {
  const scores = PAPER_TASKS.map((name) => tasks.find(({ task }) => task === name)?.main);
  const all = scores.filter((score) => score !== undefined);
  return {
    model: id,
    extend: plan.spec,
    method: plan.method,
    target: plan.target,
    tasks: [...tasks],
    average: all.length === PAPER_TASKS.length ? mean(all) : null,
  };
}
