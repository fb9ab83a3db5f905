/** What `embedChunks` takes as a document in chunks, and what it says of one that is none. */
import { constants } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { readChunkInput } from '../../lib/model/chunks/input.js';

const TEXT = 'A lease 🏠 of e\u0301 houses.';

function messageOf(input: unknown): string {
  try {
    readChunkInput(input);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code}: ${message}`;
  }
  throw new Error('the input was taken');
}

describe('spans', () => {
  it('may overlap, repeat, and come in any order', () => {
    const spans = [
      [8, 10],
      [0, 10],
      [0, 7],
      [0, 7],
      [0, TEXT.length],
    ];
    expect(readChunkInput({ text: TEXT, spans })).toEqual({ text: TEXT, spans });
  });

  it('may be between a letter and its accent, which are characters of their own', () => {
    const accent = TEXT.indexOf('\u0301');
    const spans = [
      [0, accent],
      [accent, TEXT.length],
    ];
    expect(readChunkInput({ text: TEXT, spans })).toEqual({ text: TEXT, spans });
  });

  it.each<[string, unknown]>([
    ['[10, 3]', [10, 3]],
    ['[-1, 3]', [-1, 3]],
    ['[0.5, 3]', [0.5, 3]],
    ['[NaN, 3]', [NaN, 3]],
    ['[0, Infinity]', [0, Infinity]],
    ['[0, 99]', [0, 99]],
    ['["0", "3"]', ['0', '3']],
    ['[null, 3]', [null, 3]],
    ['an array of 1', [0]],
    ['an array of 3', [0, 3, 5]],
    ['an object', { start: 0, end: 3 }],
    ['null', null],
    ['undefined', undefined],
  ])('that are none are named as they were given: %s', (shown, span) => {
    expect(messageOf({ text: TEXT, spans: [[0, 1], span] })).toBe(
      `ERR_INVALID_OPTION: Span 1 is ${shown}: it must be [start, end], whole numbers from 0 to ${TEXT.length}, the length of the text.`,
    );
  });

  it('are not passed over where the array has holes', () => {
    expect(messageOf({ text: TEXT, spans: new Array(2) })).toMatch(
      /^ERR_INVALID_OPTION: Span 0 is undefined/,
    );
  });

  it('cut no character in two, and token ids anywhere', () => {
    expect(messageOf({ text: TEXT, spans: [[0, 9]] })).toMatch(/Span 0 cuts a character in two at 9/);
    expect(messageOf({ text: TEXT, spans: [[9, 12]] })).toMatch(/Span 0 cuts a character in two at 9/);
    const tokens = { tokens: [1, 2, 3], spans: [[1, 2]] };
    expect(readChunkInput(tokens)).toEqual(tokens);
  });
});

describe('chunks', () => {
  it.each([false, true])('are put together, with their places (in an object: %s)', (isNamed) => {
    const chunks = ['A lease ', '🏠', ' of e', '\u0301 houses.'];
    expect(readChunkInput(isNamed ? { chunks } : chunks)).toEqual({
      text: TEXT,
      spans: [
        [0, 8],
        [8, 10],
        [10, 15],
        [15, TEXT.length],
      ],
    });
  });

  it('cut no character in two: each half alone would be read as another text', () => {
    expect(messageOf(['A lease \ud83c', '\udfe0'])).toMatch(
      /^ERR_INVALID_OPTION: Chunk 0 cuts a character in two at 9/,
    );
  });

  it('are not passed over where the array has holes', () => {
    expect(messageOf(new Array(2))).toMatch(/^ERR_INVALID_OPTION: Chunk 0 is undefined: it must be a string/);
  });

  it('are refused where no string holds all of them', () => {
    const large = 'ab '.repeat(2 ** 24);
    const count = Math.ceil(constants.MAX_STRING_LENGTH / large.length) + 1;
    expect(messageOf(new Array(count).fill(large))).toMatch(
      /^ERR_INPUT_TOO_LONG: The chunks are \d+ characters together, and the longest string has \d+/,
    );
  });
});
