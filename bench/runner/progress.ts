import { sum } from '../numbers.js';
import type { BenchProgress, Place } from './types.js';

/** An estimate for a text to compute, before its tokens are counted. */
export interface Expected {
  readonly tokens: number;
  /** As counted by `workOf`. */
  readonly work: number;
}

/** Work done and left for a model with a strategy, and its speed. */
export interface Throughput {
  /** Expected work of each group of texts that has not begun. */
  readonly pending: Map<object, number>;
  /** Expected work left of the current group. */
  current: number;
  /** Expected work done, the seconds it took, and the actual work. */
  done: number;
  seconds: number;
  actual: number;
  /** Work per second in earlier runs; null: there were none. */
  readonly earlier: number | null;
}

interface Stage {
  readonly place: Place;
  readonly throughput: Throughput;
  /** The texts to compute, in order. */
  readonly expected: readonly Expected[];
  done: number;
  /** Time of the last result. */
  sinceMs: number;
  /** Tokens computed of the current text. */
  partial: number;
  /** Tokens that the model had reported at the last result. */
  reported: number;
}

/** Speeds measured over less time are too noisy. */
const MIN_MEASURED_S = 0.2;

/**
 * Tracks the progress of a run and estimates the remaining time. Each pair of model and strategy uses its own measured speed,
 * else that of earlier runs, else that of the other pairs: work is counted in multiplications, so that models of different
 * sizes are comparable.
 */
export class Meter {
  readonly #now: () => number;
  readonly #throughputs: Throughput[] = [];
  #stage: Stage | null = null;
  #last: BenchProgress['last'] = null;
  /** Number of computed texts. */
  computed = 0;
  #tokens = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Adds a model with a strategy. @param pending expected work of each of its groups of texts */
  expect(pending: ReadonlyMap<object, number>, earlier: number | null): Throughput {
    const throughput = { pending: new Map(pending), current: 0, done: 0, seconds: 0, actual: 0, earlier };
    this.#throughputs.push(throughput);
    return throughput;
  }

  /** Begins a group of texts. @param expected the texts to compute, in order */
  begin(place: Place, throughput: Throughput, group: object, expected: readonly Expected[]): void {
    throughput.pending.delete(group);
    throughput.current = sum(expected.map(({ work }) => work));
    this.#stage = { place, throughput, expected, done: 0, sinceMs: this.#now(), partial: 0, reported: 0 };
  }

  /** Records the tokens that the model reports since the group began. */
  advance(reported: number): void {
    if (this.#stage !== null) this.#stage.partial = Math.max(0, reported - this.#stage.reported);
  }

  /** Records a computed text. @returns the seconds it took */
  done(tokens: number, work: number): number {
    const stage = this.#stage;
    if (stage === null) throw new Error('done was called before begin');
    const expected = stage.expected[stage.done]?.work ?? 0;
    const now = this.#now();
    const seconds = (now - stage.sinceMs) / 1000;
    stage.throughput.current -= expected;
    stage.throughput.done += expected;
    stage.throughput.seconds += seconds;
    stage.throughput.actual += work;
    stage.done += 1;
    stage.sinceMs = now;
    stage.reported += stage.partial;
    stage.partial = 0;
    this.computed += 1;
    this.#tokens += tokens;
    this.#last = { tokens, seconds };
    return seconds;
  }

  /** null while nothing is being computed. */
  get progress(): BenchProgress | null {
    const stage = this.#stage;
    if (stage === null) return null;
    const { place, partial } = stage;
    const tokensDone = this.#tokens + partial;
    const spent = sum(this.#throughputs.map(({ seconds }) => seconds)) + this.#current(stage).seconds;
    const secondsLeft = this.#secondsLeft();
    return {
      ...place,
      textsDone: place.texts - stage.expected.length + stage.done,
      computed: this.computed,
      tokensDone,
      tokensPerSecond: spent > 0 ? tokensDone / spent : 0,
      last: this.#last,
      fraction: secondsLeft === null || spent + secondsLeft === 0 ? null : spent / (spent + secondsLeft),
      secondsLeft,
    };
  }

  /** Work and time of the current text so far. */
  #current(stage: Stage): { work: number; seconds: number } {
    const next = stage.expected[stage.done];
    if (next === undefined) return { work: 0, seconds: 0 };
    return {
      work: next.work * Math.min(1, stage.partial / next.tokens),
      seconds: (this.#now() - stage.sinceMs) / 1000,
    };
  }

  #secondsLeft(): number | null {
    const throughputs = this.#throughputs.map((throughput) => {
      const now =
        this.#stage?.throughput === throughput ? this.#current(this.#stage) : { work: 0, seconds: 0 };
      const [done, seconds] = [throughput.done + now.work, throughput.seconds + now.seconds];
      return {
        left: Math.max(0, leftOf(throughput) - now.work),
        done,
        seconds,
        rate: done > 0 && seconds >= MIN_MEASURED_S ? done / seconds : throughput.earlier,
      };
    });
    const measured = {
      done: sum(throughputs.map(({ done }) => done)),
      seconds: sum(throughputs.map(({ seconds }) => seconds)),
    };
    const overall =
      measured.done > 0 && measured.seconds >= MIN_MEASURED_S ? measured.done / measured.seconds : null;
    let left = 0;
    for (const throughput of throughputs) {
      const rate = throughput.rate ?? overall;
      if (throughput.left === 0) continue;
      if (rate === null) return null;
      left += throughput.left / rate;
    }
    return left;
  }
}

function leftOf({ pending, current }: Throughput): number {
  return [...pending.values()].reduce((total, work) => total + work, current);
}
