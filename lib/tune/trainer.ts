import { throwIfAborted } from '../abort.js';
import { LongEmbedError } from '../error.js';
import { type NativeJob, type NativeTuner, settled, startJob } from '../native/index.js';
import type { Checkpoint } from './checkpoint.js';
import { bestOf, type History } from './history.js';
import type { DevScore, TuneProgress } from './options.js';
import type { PairSet } from './pair-set.js';
import { Random } from '../random.js';
import { rateAt } from './schedule.js';
import type { TuneSettings } from './settings.js';

/** AdamW's numbers that are the same in every run. */
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** Time between two reports while a step is computed. */
const REPORT_INTERVAL_MS = 250;

/** What a run needs. */
export interface Run {
  readonly tuner: NativeTuner;
  readonly settings: TuneSettings;
  readonly pairs: PairSet;
  readonly dev: PairSet | null;
  /** Rows of the position matrix. */
  readonly rows: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (progress: TuneProgress) => void;
}

/** The steps of a run, in order. Between two of them `checkpoint` is all that it takes to go on. */
export class Trainer {
  readonly #run: Run;
  readonly #losses: number[];
  readonly #dev: DevScore[];
  #best: Float32Array | null;
  #step: number;
  /** Steps and seconds since the run began or went on. */
  #here = { steps: 0, seconds: 0 };
  #order: { epoch: number; pairs: Int32Array } | null = null;

  private constructor(run: Run, { losses, dev }: History, best: Float32Array | null, step: number) {
    this.#run = run;
    this.#losses = [...losses];
    this.#dev = [...dev];
    this.#best = best;
    this.#step = step;
  }

  /** @param from the checkpoint to go on from; null: the beginning */
  static async start(run: Run, from: Checkpoint | null): Promise<Trainer> {
    if (from === null) return new Trainer(run, { losses: [], dev: [] }, null, 0);
    await startJob(() => run.tuner.restore(from.state)).promise;
    return new Trainer(run, from.history, from.best, from.state.steps);
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  get isDone(): boolean {
    return this.#step >= this.#run.settings.steps;
  }

  get history(): History {
    return { losses: this.#losses, dev: this.#dev };
  }

  /**
   * The next step, and a judgement where one is due.
   * @throws LongEmbedError ERR_BACKEND when the loss is not finite: nothing of that step is kept; ERR_ABORTED, likewise
   */
  async advance(): Promise<void> {
    const { tuner, settings, signal } = this.#run;
    if (this.#step === 0 && this.#dev.length === 0) await this.#judge();
    const started = performance.now();
    const batch = this.#batch();
    const rate = rateAt(settings, this.#step);
    const optimizer = { rate, ...ADAM, weightDecay: settings.weightDecay };
    const figures = await this.#report(
      'tuning',
      startJob(() => tuner.step(batch, settings.temperature, optimizer)),
    );
    if (!Number.isFinite(figures.loss) || !Number.isFinite(figures.gradientNorm)) {
      throw new LongEmbedError(
        'ERR_BACKEND',
        `The loss of step ${this.#step + 1} is ${figures.loss} and its gradient ${figures.gradientNorm}: the rows have grown too large, ` +
          `or the model computes numbers that are not finite. Try a lower learning rate than ${settings.learningRate}.`,
      );
    }
    this.#losses.push(figures.loss);
    this.#step += 1;
    this.#here.steps += 1;
    this.#here.seconds += (performance.now() - started) / 1000;
    throwIfAborted(signal);
    const { evalEvery } = settings;
    if (evalEvery > 0 && (this.#step % evalEvery === 0 || this.isDone)) await this.#judge();
    this.#tell('tuning', 0);
  }

  async checkpoint(fingerprint: string): Promise<Checkpoint> {
    const state = await startJob(() => this.#run.tuner.state()).promise;
    return { fingerprint, state, best: this.#best, history: this.history };
  }

  /**
   * The rows to write: those that did best on the held-out pairs, else those after the last step.
   * @throws LongEmbedError ERR_BACKEND when they are not finite: no loss has said so, since the last step comes after the last loss
   */
  async result(): Promise<{ rows: Float32Array; step: number; dev: DevScore | null }> {
    const dev = bestOf(this.#dev);
    const result =
      this.#best !== null && dev !== null
        ? { rows: this.#best, step: dev.step, dev }
        : { rows: (await startJob(() => this.#run.tuner.state()).promise).rows, step: this.#step, dev: null };
    if (result.rows.every(Number.isFinite)) return result;
    throw new LongEmbedError(
      'ERR_BACKEND',
      `The rows after step ${result.step} have numbers that are not finite: nothing is written. Try a lower learning rate than ` +
        `${this.#run.settings.learningRate}.`,
    );
  }

  /** Judges the rows on the held-out pairs, and keeps them if they are the best so far. */
  async #judge(): Promise<void> {
    const { tuner, dev, settings, rows } = this.#run;
    if (dev === null) return;
    // The same places each time.
    const batch = dev.whole(rows, Random.of(settings.seed, 'dev'));
    const figures = await this.#report(
      'judging',
      startJob(() => tuner.evaluate(batch, settings.temperature)),
    );
    const score = { step: this.#step, ...figures };
    this.#dev.push(score);
    if (bestOf(this.#dev) === score) this.#best = (await startJob(() => tuner.state()).promise).rows;
  }

  /** The pairs of the step that is next: each time through, all pairs are in another order; what does not fill a batch is left out. */
  #batch(): ReturnType<PairSet['batch']> {
    const { settings, pairs, rows } = this.#run;
    const { batch, seed } = settings;
    const batches = Math.floor(pairs.length / batch);
    const epoch = Math.floor(this.#step / batches);
    if (this.#order?.epoch !== epoch) {
      this.#order = { epoch, pairs: Random.of(seed, 'order', epoch).permutation(pairs.length) };
    }
    const first = (this.#step % batches) * batch;
    const random = Random.of(seed, 'places', this.#step);
    return pairs.batch(this.#order.pairs.subarray(first, first + batch), rows, random);
  }

  async #report<T>(phase: TuneProgress['phase'], job: NativeJob<T>): Promise<T> {
    let failure: { error: unknown } | null = null;
    const timer = setInterval(() => {
      try {
        this.#tell(phase, this.#run.tuner.progress);
      } catch (error) {
        failure = { error };
        job.cancel();
      }
    }, REPORT_INTERVAL_MS);
    try {
      return await settled(job, this.#run.signal);
    } catch (error) {
      throw (failure as { error: unknown } | null)?.error ?? error;
    } finally {
      clearInterval(timer);
    }
  }

  /** @param part of the step or judgement in progress, 0 to 1 */
  #tell(phase: TuneProgress['phase'], part: number): void {
    const { settings, onProgress } = this.#run;
    const { steps } = settings;
    const done = this.#step + (phase === 'tuning' ? part : 0);
    const secondsAStep = this.#here.seconds / this.#here.steps;
    onProgress({
      phase,
      fraction: phase === 'tuning' ? done / steps : part,
      step: this.#step,
      steps,
      loss: this.#losses.at(-1) ?? null,
      learningRate: this.#step === 0 ? null : rateAt(settings, this.#step - 1),
      secondsLeft: this.#here.steps === 0 ? null : secondsAStep * (steps - done),
      dev: this.#dev.at(-1) ?? null,
    });
  }
}
