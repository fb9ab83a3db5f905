import { join } from 'node:path';
import { writeReport } from '../report/index.js';
import { writeMtebResults } from '../results/mteb/index.js';
import type { Results, RunResult, TaskResult } from '../results/results.js';
import { timingKey, writeTiming } from '../results/timing.js';
import { writeResults } from '../results/write.js';
import { PAPER_TASKS } from '../reference/index.js';
import { lookAhead, type Course } from './ahead.js';
import { recordSpeed } from './cache/speeds.js';
import { describeRun } from './describe.js';
import { checkDiskSpace } from './disk-space.js';
import type { CheckedModel } from './models.js';
import type { BenchHooks, BenchOptions, OutputOptions } from './types.js';
import { checkNothingIsLost, type PlannedRun, prepareOutputFolder } from './output-folder.js';
import type { Plan } from './plan.js';
import { type Prepared, withPrepared } from './prepare.js';
import { Meter } from './progress.js';
import { mean, runTask } from './run-task.js';

/**
 * Runs models with strategies on tasks, and writes results.json, MTEB's files, timing.json and report.html into the
 * output folder: after each task what is known by then. All embeddings are kept in the cache, so that a run that was
 * interrupted goes on where it was when it is called again; the results are then the same as if it had not been.
 * @throws LongEmbedError before anything is computed: ERR_INVALID_OPTION, ERR_INPUT_EMPTY, ERR_MODEL_NOT_FOUND and what
 *   loading throws, ERR_STRATEGY_UNSUPPORTED when no model takes a strategy. Later: what embedding a text throws, named;
 *   ERR_INVALID_OPTION when a disk is full; ERR_ABORTED
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
    const { courses, bytes } = lookAhead(this.#prepared, this.#meter);
    checkDiskSpace(store.folder, bytes);
    for (const course of courses) await this.#run(course);
    await slot.free();
    return this.#results;
  }

  /** All that is to come, without scores. */
  #planned(): PlannedRun[] {
    const { models, tasks } = this.#prepared;
    const names = tasks.map(({ task }) => ({ task: task.name }));
    return models.flatMap(({ id, plans }) =>
      plans.map(({ spec, target }) => ({ model: id, extend: spec, target, tasks: names })),
    );
  }

  async #run(course: Course): Promise<void> {
    const { checked, plan, pace } = course;
    const worker = {
      ...course,
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
    recordSpeed(this.#prepared.store, checked, plan.method, { work: pace.actual, seconds: pace.seconds });
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
