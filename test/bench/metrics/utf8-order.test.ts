import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareUtf8 } from '../../../bench/metrics/ranking.js';

it('is the order of the UTF-8 bytes', () => {
  // few characters of every length in UTF-8, so that strings often begin alike
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'ä', '\ud7ff', '\ue000', '～', '\uffff', '\u{10000}', '😀', '\u{10ffff}'),
    maxLength: 4,
  });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 1000 },
  );
});
