import { join } from 'node:path';
import { mean } from '../numbers.js';
import { writeReport } from '../report/page.js';
import { timingKey, writeResults, writeTiming } from '../results/files.js';
import { writeMtebResults } from '../results/mteb.js';
import { LEXICAL_ID, type Results, runName, type RunResult, type TaskResult } from '../results/results.js';
import { PAPER_TASKS } from '../reference/index.js';
import { describeRun } from './describe.js';
import { checkDiskSpace } from './folders.js';
import type { BenchHooks, BenchOptions, OutputOptions } from './types.js';
import { checkNothingIsLost, type PlannedRun, prepareOutputFolder } from './output-folder.js';
import type { Plan } from './plan.js';
import { type Prepared, withPrepared } from './prepare.js';
import { Meter } from './progress.js';
import { type FinishedTask, runLexicalTask, runTask } from './run-task.js';
import { type Scoring, scoringFields, scoringsOf } from './scoring.js';
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
    await this.#checkOutput();
    const { runs, bytes } = planWorkload(this.#prepared, this.#meter);
    checkDiskSpace(store.folder, bytes);
    for (const run of runs) await this.#run(run);
    if (this.#options.lexical === true) await this.#runLexical();
    await slot.free();
    return this.#results;
  }

  /** @throws LongEmbedError ERR_INVALID_OPTION when the output folder holds results of another run */
  async #checkOutput(): Promise<void> {
    const { output, overwrite } = this.#options;
    if (!overwrite) await checkNothingIsLost(output, this.#description, this.#planned());
  }

  /** All runs, without scores. */
  #planned(): PlannedRun[] {
    const { models, tasks } = this.#prepared;
    const names = tasks.map(({ task }) => ({ task: task.name }));
    const planned = models.flatMap(({ id, plans }) =>
      plans.flatMap((plan) =>
        this.#scorings(plan).map((scoring) => ({ ...describedRun(id, plan, scoring), tasks: names })),
      ),
    );
    return this.#options.lexical === true ? [...planned, { ...LEXICAL_RUN, tasks: names }] : planned;
  }

  #scorings({ vectors }: Plan): Scoring[] {
    return scoringsOf(vectors, this.#options);
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
    const scorings = this.#scorings(plan);
    const first = this.#runs.length;
    for (const task of this.#prepared.tasks) {
      const finished = await runTask(worker, task, scorings);
      for (const [i, scoring] of scorings.entries()) {
        this.#add(first + i, describedRun(checked.id, plan, scoring), finished[i]);
      }
      await this.#write();
      for (const run of this.#runs.slice(first)) this.#report(run);
    }
    recordSpeed(this.#prepared.store, checked, plan.method, {
      work: throughput.actual,
      seconds: throughput.seconds,
    });
  }

  async #runLexical(): Promise<void> {
    const place = this.#runs.length;
    for (const task of this.#prepared.tasks) {
      this.#add(place, LEXICAL_RUN, await runLexicalTask(task, this.#hooks));
      await this.#write();
      for (const run of this.#runs.slice(place)) this.#report(run);
    }
  }

  /** Adds a task to the run at an index. */
  #add(place: number, run: DescribedRun, finished: FinishedTask | undefined): void {
    if (finished === undefined) throw new Error('a scoring has no result');
    const tasks = [...(this.#runs[place]?.tasks ?? []), finished.result];
    this.#runs[place] = { ...run, tasks, average: averageOf(tasks) };
    this.#seconds[timingKey(run.model, runName(run), finished.result.task)] = finished.seconds;
  }

  /** Reports a run's last task. */
  #report(run: RunResult): void {
    const task = run.tasks.at(-1);
    if (task !== undefined) this.#hooks.onTask(run.model, runName(run), task);
  }

  get #results(): Results {
    return { ...this.#description, runs: this.#runs };
  }

  async #write(): Promise<void> {
    const { output } = this.#options;
    const results = this.#results;
    const timing = { evaluationSeconds: this.#seconds };
    // Another run may have written there since this one began.
    await this.#checkOutput();
    await writeResults(output, results);
    await writeTiming(output, timing);
    await writeMtebResults(output, results, timing);
    await writeReport(join(output, 'report.html'), results);
  }
}

/** A run without its tasks. */
type DescribedRun = Omit<RunResult, 'tasks' | 'average'>;

const LEXICAL_RUN: DescribedRun = {
  model: LEXICAL_ID,
  extend: 'none',
  method: 'none',
  target: 0,
  vectors: 'lexical',
};

function describedRun(model: string, { spec, method, target }: Plan, scoring: Scoring): DescribedRun {
  return { model, extend: spec, method, target, ...scoringFields(scoring) };
}

/** "Avg."; null unless the run has the paper's six tasks. */
function averageOf(tasks: readonly TaskResult[]): number | null {
  const scores = PAPER_TASKS.map((name) => tasks.find(({ task }) => task === name)?.main);
  const all = scores.filter((score) => score !== undefined);
  return all.length === PAPER_TASKS.length ? mean(all) : null;
}
