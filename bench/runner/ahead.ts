import { recordedSpeed } from './cache/speeds.js';
import { expectedOf, missingPlaces } from './missing.js';
import { textsOf, type CheckedModel } from './models.js';
import type { Plan } from './plan.js';
import type { Prepared } from './prepare.js';
import { type Meter, type Pace, sum } from './progress.js';

/** A model with a strategy, and how fast it goes. */
export interface Course {
  readonly checked: CheckedModel;
  readonly plan: Plan;
  readonly pace: Pace;
}

/** What a run has ahead of it. */
export interface Ahead {
  /** In the order in which they are run. */
  readonly courses: readonly Course[];
  /** Of the vectors that are to be computed and stored. */
  readonly bytes: number;
}

/** Looks up what the cache holds, and tells the meter what it does not. */
export function lookAhead({ store, models, tasks }: Prepared, meter: Meter): Ahead {
  const courses: Course[] = [];
  let bytes = 0;
  for (const checked of models) {
    for (const plan of checked.plans) {
      const pending = new Map<object, number>();
      for (const split of tasks.flatMap(({ splits }) => splits)) {
        for (const [facts, kind] of textsOf(split)) {
          const places = missingPlaces(store, plan, kind, facts);
          pending.set(facts, sum(expectedOf(checked, plan, facts, places)));
          bytes += 4 * checked.info.dimensions * places.length;
        }
      }
      const earlier = recordedSpeed(store, checked, plan.method);
      courses.push({ checked, plan, pace: meter.expect(pending, earlier) });
    }
  }
  return { courses, bytes };
}
