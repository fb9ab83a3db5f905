import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { duration } from '../../lib/format.js';
import { LinesView, viewOn } from '../../cli/progress/views.js';
import type { BenchProgress } from '../../bench/index.js';
import { BenchMeter } from '../../cli/bench-meter.js';
import { Meter } from '../../cli/progress/meter.js';

class Clock {
  time = 0;
  readonly now = (): number => this.time;
}

function terminal(isTTY: boolean): { stream: Writable & { isTTY: boolean }; text: () => string } {
  let text = '';
  const stream = new Writable({
    write(piece: Buffer, _encoding, done) {
      text += piece.toString();
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 120 }), text: () => text };
}

describe('Meter', () => {
  it('knows the speed and the remaining time', () => {
    const clock = new Clock();
    const meter = new Meter(4000, clock.now);
    expect(meter.fraction).toBe(0);
    expect(meter.secondsLeft).toBeNull();
    meter.read(2000);
    meter.computed({ tokensDone: 50, tokensTotal: 100 });
    clock.time = 10_000;
    expect(meter).toMatchObject({ fraction: 0.25, tokensDone: 50, tokensPerSecond: 5, secondsLeft: 30 });
    expect(meter.status).toBe('0 documents, 50 tokens, 5 tokens/s, 30 s left');
    meter.done({ tokens: 100, truncated: true });
    meter.fail();
    expect(meter.status).toBe('2 documents, 1 failed, 100 tokens, 10 tokens/s, 30 s left');
    expect(meter.summary).toBe('2 documents (1 failed, 1 truncated), 100 tokens in 10 s, 10 tokens/s');
  });

  it('estimates nothing when the size of the input is not known', () => {
    const clock = new Clock();
    const meter = new Meter(null, clock.now);
    meter.read(10);
    meter.computed({ tokensDone: 1234, tokensTotal: 2000 });
    clock.time = 1000;
    expect(meter.status).toBe('0 documents, 1,234 tokens, 1,234 tokens/s');
  });
});

it.each([
  [0.4, '0 s'],
  [59.4, '59 s'],
  [125, '2 min 05 s'],
  [3720, '1 h 02 min'],
])('writes %d seconds as %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

const PROGRESS: BenchProgress = {
  model: 'm',
  extend: 'pcw:4k',
  task: 'qmsum',
  split: 'test',
  kind: 'document',
  texts: 197,
  textsDone: 12,
  computed: 12,
  tokensDone: 0,
  tokensPerSecond: 0,
  last: null,
  fraction: null,
  secondsLeft: null,
};

describe('views', () => {
  it('print a line at most every five seconds without a terminal', () => {
    const clock = new Clock();
    const { stream, text } = terminal(false);
    const view = new LinesView(stream, clock.now);
    const meter = new Meter(null, clock.now);
    for (clock.time = 0; clock.time <= 11_000; clock.time += 100) view.show(meter);
    expect(text().split('\n')).toHaveLength(3);
  });

  it('keep messages clear of the bar on a terminal, and leave no bar behind', () => {
    const { stream, text } = terminal(true);
    const view = viewOn(stream, false);
    view.loading(0.5);
    view.show(new Meter(100));
    view.message('longembed: a.txt: failed');
    view.show(new Meter(100));
    view.end();
    expect(text()).toContain('loading the model');
    expect(text()).toContain('0 documents');
    expect(text()).toMatch(/\[\d*Klongembed: a\.txt: failed\n/);
    expect(text().endsWith('\x1b[2K') || text().endsWith('\x1b[0K')).toBe(true);
  });

  it('show a bar as soon as progress is known', () => {
    const { stream, text } = terminal(true);
    const view = viewOn(stream, false);
    const meter = new BenchMeter();
    meter.update(PROGRESS);
    view.show(meter);
    expect(text()).not.toContain('%');
    meter.update({
      ...PROGRESS,
      textsDone: 13,
      fraction: 0.5,
      secondsLeft: 90,
      last: { tokens: 500, seconds: 0.5 },
    });
    view.show(meter);
    view.end();
    expect(text()).toContain(
      '50 % m, pcw:4k, qmsum test, documents 13 of 197, 1,000 tokens/s, 1 min 30 s left',
    );
  });

  it('print only messages when quiet', () => {
    const { stream, text } = terminal(true);
    const view = viewOn(stream, true);
    view.loading(0.5);
    view.show(new Meter(100));
    view.summary('summary');
    view.message('message');
    view.end();
    expect(text()).toBe('message\n');
  });
});
