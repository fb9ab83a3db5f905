import { EngineProcess, type Round } from './engine-process.js';
import { fastest, settingsOf, SHORT_RUN_S, type Setting } from './engines.js';
import type { EngineName, SpeedOptions } from './options.js';
import { operationsOf, type Row, type Task, taskOf } from './row.js';

/** The result of an engine on a row. */
export type Outcome =
  | {
      readonly engine: EngineName;
      readonly setting: string;
      readonly rounds: readonly Round[];
      /** The process's peak memory in bytes, from loading on; null where the system does not report it. */
      readonly peakMemory: number | null;
      /** The largest 1 − cosine between its vectors and longembed's; null for longembed itself, or without it. */
      readonly difference: number | null;
    }
  /** Why it failed: a clause. */
  | { readonly engine: EngineName; readonly failure: string };

export interface Measured extends Row {
  readonly texts: number;
  readonly tokens: number;
  readonly operations: number;
  readonly outcomes: readonly Outcome[];
}

interface Running {
  readonly engine: EngineName;
  readonly setting: Setting;
  readonly process: EngineProcess;
  readonly rounds: Round[];
}

/**
 * Measures the engines on a row, each in its own process with the model loaded: one run to warm up, then rounds in which they
 * take turns.
 */
export async function measure(
  row: Row,
  options: SpeedOptions,
  say: (what: string) => void,
): Promise<Measured> {
  const task = await taskOf(row);
  const failures: Outcome[] = [];
  const running: Running[] = [];
  const fail = (engine: EngineName, error: unknown): void =>
    void failures.push({ engine, failure: error instanceof Error ? error.message : String(error) });
  for (const engine of options.engines) {
    try {
      const settings = await settingsOf(engine, task, options);
      if (typeof settings === 'string') throw new Error(settings);
      say(`${engine}: ${settings.length > 1 ? `trying ${settings.length} settings` : 'warming up'}`);
      const sequences = sequencesFor(engine, task);
      const setting = await fastest(settings, sequences);
      const started = {
        engine,
        setting,
        process: await EngineProcess.start(setting.command, sequences),
        rounds: [],
      };
      await warmUp(started);
      running.push(started);
    } catch (error) {
      fail(engine, error);
    }
  }
  await takeTurns(running, options, say);
  const vectors = new Map<EngineName, number[][]>();
  for (const { engine, process } of running) {
    const sequences = sequencesFor(engine, task);
    const rows = await process.vectors(sequences.length);
    vectors.set(engine, rows.length === task.texts.length ? rows : meansOf(rows, task));
  }
  const ours = vectors.get('longembed');
  const outcomes = running.map(({ engine, setting, process, rounds }): Outcome => ({
    engine,
    setting: setting.title,
    rounds,
    peakMemory: process.peakMemory(),
    difference:
      engine === 'longembed' || ours === undefined ? null : difference(vectors.get(engine) ?? [], ours),
  }));
  await Promise.all(running.map(({ process }) => process.close()));
  return {
    ...row,
    texts: task.texts.length,
    tokens: task.tokens,
    operations: operationsOf(row, task),
    outcomes: [...outcomes, ...failures],
  };
}

/** longembed makes its windows itself. */
function sequencesFor(engine: EngineName, task: Task): readonly Int32Array[] {
  return engine === 'longembed' ? task.texts : task.windows.flat();
}

async function warmUp(running: Running): Promise<void> {
  const round = await running.process.run();
  if (round.seconds >= SHORT_RUN_S) running.rounds.push(round);
}

async function takeTurns(
  running: readonly Running[],
  { rounds, seconds }: SpeedOptions,
  say: (what: string) => void,
): Promise<void> {
  let spent = running.flatMap((one) => one.rounds).reduce((sum, each) => sum + each.seconds, 0);
  for (let round = 0; round < rounds; round++) {
    if (running.every((one) => one.rounds.length > round)) continue; // long runs: the first one counts
    say(`round ${round + 1} of ${rounds}`);
    const before = spent;
    for (const one of running) {
      if (spent >= seconds && one.rounds.length > 0) continue; // others may have no figure yet
      const took = await one.process.run();
      one.rounds.push(took);
      spent += took.seconds;
    }
    if (spent + (spent - before) > seconds) return; // the next round would exceed the time limit
  }
}

function meansOf(rows: readonly number[][], task: Task): number[][] {
  let first = 0;
  return task.windows.map(({ length }) => {
    const some = rows.slice(first, (first += length));
    return (some[0] ?? []).map((_, i) => some.reduce((sum, row) => sum + (row[i] ?? NaN), 0) / length);
  });
}

function difference(a: readonly number[][], b: readonly number[][]): number {
  return Math.max(...b.map((row, i) => 1 - cosine(row, a[i] ?? [])));
}

function cosine(a: readonly number[], b: readonly number[]): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? NaN;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}
