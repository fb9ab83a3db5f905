import { describe, expect, it } from 'vitest';
import { type Expected, Meter } from '../../../bench/runner/progress.js';
import type { Place } from '../../../bench/runner/types.js';

const PLACE: Place = { model: 'm', extend: 'none', task: 'qmsum', split: 'test', kind: 'document', texts: 4 };
const expected = (count: number): Expected[] => new Array<Expected>(count).fill({ tokens: 10, work: 100 });

/** A meter whose clock a test sets, in seconds. */
function meterAt() {
  const clock = { seconds: 0 };
  return { meter: new Meter(() => clock.seconds * 1000), clock };
}

describe('Meter', () => {
  it('gives no estimate before a measurement', () => {
    const { meter } = meterAt();
    expect(meter.progress).toBeNull();
    const pace = meter.expect(new Map([[PLACE, 400]]), null);
    meter.begin(PLACE, pace, PLACE, expected(4));
    expect(meter.progress).toMatchObject({
      textsDone: 0,
      computed: 0,
      fraction: null,
      secondsLeft: null,
      last: null,
    });
  });

  it('uses its own speed, including tokens of the current text', () => {
    const { meter, clock } = meterAt();
    const pace = meter.expect(new Map([[PLACE, 400]]), null);
    meter.begin(PLACE, pace, PLACE, expected(4));
    clock.seconds = 2;
    meter.advance(10);
    expect(meter.done(10, 100)).toBe(2);
    expect(meter.progress).toMatchObject({
      textsDone: 1,
      tokensDone: 10,
      tokensPerSecond: 5,
      secondsLeft: 6,
      fraction: 0.25,
      last: { tokens: 10, seconds: 2 },
    });
    clock.seconds = 3;
    // The model counts from the begin of the group.
    meter.advance(15);
    expect(meter.progress).toMatchObject({
      tokensDone: 15,
      tokensPerSecond: 5,
      secondsLeft: 5,
      fraction: 0.375,
    });
    clock.seconds = 8;
    for (let i = 0; i < 3; i++) meter.done(10, 100);
    expect(meter.progress).toMatchObject({ textsDone: 4, computed: 4, secondsLeft: 0, fraction: 1 });
  });

  it('counts cached texts as done, but not as time', () => {
    const { meter, clock } = meterAt();
    const pace = meter.expect(new Map([[PLACE, 100]]), null);
    meter.begin(PLACE, pace, PLACE, expected(1));
    expect(meter.progress).toMatchObject({ textsDone: 3, computed: 0 });
    clock.seconds = 1;
    meter.done(10, 100);
    expect(meter.progress).toMatchObject({ textsDone: 4, computed: 1, tokensDone: 10, secondsLeft: 0 });
  });

  it('uses the speed of earlier runs, then its own, else that of the others', () => {
    const { meter, clock } = meterAt();
    const known = meter.expect(new Map([[PLACE, 400]]), 50);
    const unknown = {};
    meter.expect(new Map([[unknown, 1000]]), null);
    meter.begin(PLACE, known, PLACE, expected(4));
    // Nothing is known of the second yet.
    expect(meter.progress!.secondsLeft).toBeNull();
    clock.seconds = 1;
    meter.done(10, 100);
    expect(meter.progress!.secondsLeft).toBe(3 + 10);
  });

  it('uses the earlier speed until enough was measured', () => {
    const { meter, clock } = meterAt();
    const pace = meter.expect(new Map([[PLACE, 400]]), 50);
    meter.begin(PLACE, pace, PLACE, expected(4));
    expect(meter.progress!.secondsLeft).toBe(8);
    clock.seconds = 0.001;
    meter.done(10, 100);
    expect(meter.progress!.secondsLeft).toBe(6);
  });
});
