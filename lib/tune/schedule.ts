/** The length of a run and its learning rate. */
export interface Schedule {
  /** Steps in all. */
  readonly steps: number;
  /** Steps in which the rate rises evenly to the highest. */
  readonly warmup: number;
  /** The highest rate. */
  readonly learningRate: number;
}

/** Times through the pairs where no number of steps is given: the paper's (appendix B). */
const EPOCHS = 3;
/** The paper's steps of warm-up. */
const WARMUP_STEPS = 100;

/** Fills in the defaults. @param batches in one time through the pairs */
export function scheduleOf(
  given: { steps?: number | undefined; warmup?: number | undefined; learningRate?: number | undefined },
  batches: number,
): Schedule {
  const steps = given.steps ?? EPOCHS * batches;
  return {
    steps,
    warmup: given.warmup ?? Math.min(WARMUP_STEPS, Math.floor(steps / 10)),
    learningRate: given.learningRate ?? 5e-4,
  };
}

/** The rate of a step, counted from 0: rising to the highest, then falling to 0 after the last. */
export function rateAt({ steps, warmup, learningRate }: Schedule, step: number): number {
  if (step < warmup) return (learningRate * (step + 1)) / warmup;
  return (learningRate * (steps - step)) / Math.max(1, steps - warmup);
}
