import type { BenchProgress, Place } from './types.js';

/** A text that is to be computed, before its tokens are counted. */
export interface Expected {
  readonly tokens: number;
  /** As `workOf` counts it. */
  readonly work: number;
}

/** A model with a strategy, whose speed is its own. */
export interface Pace {
  /** Expected work of the groups of texts that have not begun. */
  readonly pending: Map<object, number>;
  /** Expected work that is left of the group that has. */
  current: number;
  /** Expected work that was done, in how many seconds, and how much it really was. */
  done: number;
  seconds: number;
  actual: number;
  /** Work a second of earlier runs; null: there were none. */
  readonly earlier: number | null;
}

interface Stage {
  readonly place: Place;
  readonly pace: Pace;
  /** What is left to compute, in order. */
  readonly expected: readonly Expected[];
  done: number;
  /** When the last result came, in milliseconds. */
  since: number;
  /** Tokens of the text under way. */
  partial: number;
  /** What the model had reported when the last result came. */
  reported: number;
}

/** A speed from less time than this is an accident, in seconds. */
const ENOUGH = 0.2;

/**
 * Adds up what a run has done and estimates the rest. Every pair of model and strategy goes by its own speed as far as
 * that has been measured, else by that of earlier runs, else by that of the others: work is counted in multiplications,
 * so that models of different sizes can stand in for each other.
 */
export class Meter {
  readonly #now: () => number;
  readonly #paces: Pace[] = [];
  #stage: Stage | null = null;
  #last: BenchProgress['last'] = null;
  /** Texts that were computed. */
  computed = 0;
  #tokens = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Adds a model with a strategy that is to come. @param pending expected work of each of its groups of texts */
  expect(pending: ReadonlyMap<object, number>, earlier: number | null): Pace {
    const pace = { pending: new Map(pending), current: 0, done: 0, seconds: 0, actual: 0, earlier };
    this.#paces.push(pace);
    return pace;
  }

  /** A group of texts begins. @param expected those that are to be computed, in order */
  begin(place: Place, pace: Pace, group: object, expected: readonly Expected[]): void {
    pace.pending.delete(group);
    pace.current = sum(expected);
    this.#stage = { place, pace, expected, done: 0, since: this.#now(), partial: 0, reported: 0 };
  }

  /** The model reports the tokens it has computed since the texts began. */
  advance(reported: number): void {
    if (this.#stage !== null) this.#stage.partial = Math.max(0, reported - this.#stage.reported);
  }

  /** A text is done. @returns the seconds that it took */
  done(tokens: number, work: number): number {
    const stage = this.#stage;
    if (stage === null) throw new Error('a text is done, and none was begun');
    const expected = stage.expected[stage.done]?.work ?? 0;
    const now = this.#now();
    const seconds = (now - stage.since) / 1000;
    stage.pace.current -= expected;
    stage.pace.done += expected;
    stage.pace.seconds += seconds;
    stage.pace.actual += work;
    stage.done += 1;
    stage.since = now;
    stage.reported += stage.partial;
    stage.partial = 0;
    this.computed += 1;
    this.#tokens += tokens;
    this.#last = { tokens, seconds };
    return seconds;
  }

  /** null: nothing is being computed. */
  get progress(): BenchProgress | null {
    const stage = this.#stage;
    if (stage === null) return null;
    const { place, partial } = stage;
    const tokensDone = this.#tokens + partial;
    const spent = this.#paces.reduce((all, { seconds }) => all + seconds, 0) + this.#underWay(stage).seconds;
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

  /** What the text under way has taken so far. */
  #underWay(stage: Stage): { work: number; seconds: number } {
    const next = stage.expected[stage.done];
    if (next === undefined) return { work: 0, seconds: 0 };
    return {
      work: next.work * Math.min(1, stage.partial / next.tokens),
      seconds: (this.#now() - stage.since) / 1000,
    };
  }

  #secondsLeft(): number | null {
    const paces = this.#paces.map((pace) => {
      const now = this.#stage?.pace === pace ? this.#underWay(this.#stage) : { work: 0, seconds: 0 };
      const [done, seconds] = [pace.done + now.work, pace.seconds + now.seconds];
      return {
        left: Math.max(0, leftOf(pace) - now.work),
        done,
        seconds,
        rate: done > 0 && seconds >= ENOUGH ? done / seconds : pace.earlier,
      };
    });
    const measured = {
      done: paces.reduce((all, { done }) => all + done, 0),
      seconds: paces.reduce((all, { seconds }) => all + seconds, 0),
    };
    const overall = measured.done > 0 && measured.seconds >= ENOUGH ? measured.done / measured.seconds : null;
    let left = 0;
    for (const pace of paces) {
      const rate = pace.rate ?? overall;
      if (pace.left === 0) continue;
      if (rate === null) return null;
      left += pace.left / rate;
    }
    return left;
  }
}

function leftOf({ pending, current }: Pace): number {
  return [...pending.values()].reduce((all, work) => all + work, current);
}

export function sum(expected: readonly Expected[]): number {
  return expected.reduce((all, { work }) => all + work, 0);
}
