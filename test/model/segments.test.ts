import { describe, expect, it } from 'vitest';
import { type Segment, sentencesOf, Words } from '../../lib/segments.js';

/** What Intl.Segmenter says of the whole text at once. */
function whole(text: string, granularity: 'sentence' | 'word'): Segment[] {
  const segments = new Intl.Segmenter('en', { granularity }).segment(text);
  return Array.from(segments, ({ index, segment }): Segment => [index, index + segment.length]);
}

const PROSE =
  'Dr. Smith paid $3.50 for e.g. two apples. "Why?" he asked… Nobody knew; it was 5 p.m. already! ';
const TEXTS: Record<string, string> = {
  'prose on one line': PROSE.repeat(300),
  'lines of all kinds': [PROSE, 'No end', 'Ends. ', '', 'x\u0085y. z', 'a\u2028b\u2029c']
    .join('\r\n')
    .repeat(40),
  'no end of a sentence': 'and so on, '.repeat(2000),
  'ends that depend on what follows': 'He saw 3. 14 15 16 17 (18) 19 etc. and left. '.repeat(400),
  Korean: '계약 기간은 2년으로 한다. 단, 갑은 30일 전에 통지하여야 한다! '.repeat(400),
  Thai: 'ผู้เช่าต้องชำระค่าเช่าทุกเดือน ผู้ให้เช่าอาจบอกเลิกสัญญาได้ '.repeat(300),
  Japanese: '契約期間は二年とする。ただし、甲は三十日前に通知する。\n'.repeat(300),
  'emoji and flags': '👩‍👩‍👧 went to 🇩🇪🇫🇷🇮🇹 and cafe\u0301s. Don’t! '.repeat(400),
  'numbers with narrow spaces': '10\u202f000 or 10\ufeff000 apples. '.repeat(500),
};

describe.each(Object.entries(TEXTS))('%s', (_name, text) => {
  it('has the sentences that it has in one go', () => {
    expect(sentencesOf(text)).toEqual(whole(text, 'sentence'));
  });

  it('has the words that it has in one go, at every place and in any order', () => {
    const expected = whole(text, 'word');
    const places = expected.flatMap(([start, end]) => [start, end - 1]);
    const words = new Words(text);
    for (const order of [
      places,
      places.toReversed(),
      places.map((_, i) => places[(i * 7919) % places.length] ?? 0),
    ]) {
      expect(order.map((place) => words.at(place))).toEqual(
        order.map((place) => expected[upTo(expected, place)]),
      );
    }
  });
});

/** The index of the segment that has a place. */
function upTo(segments: readonly Segment[], place: number): number {
  let [low, high] = [0, segments.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((segments[middle]?.[0] ?? 0) <= place) low = middle;
    else high = middle;
  }
  return low;
}

it('knows no word beyond the text', () => {
  const words = new Words('two words');
  expect(words.at(9)).toBeUndefined();
  expect(words.at(-1)).toBeUndefined();
  expect(new Words('').at(0)).toBeUndefined();
  expect(sentencesOf('')).toEqual([]);
});

it('takes time in proportion to the text', () => {
  const text = PROSE.repeat(10_000);
  const begin = performance.now();
  const sentences = sentencesOf(text);
  const words = new Words(text);
  for (let at = 0; at < text.length; at += 200) words.at(at);
  expect(sentences.length).toBeGreaterThan(10_000);
  // a second on a quiet core; in one go it is minutes
  expect(performance.now() - begin).toBeLessThan(15_000);
});
