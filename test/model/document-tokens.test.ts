/** Texts of megabytes are tokenized only as far as it takes, and that start has the whole text's tokens. */
import { afterAll, describe, expect, it } from 'vitest';
import { EmbeddingModel } from '../../lib/index.js';
import { tokenizeUpTo } from '../../lib/model/document-tokens.js';

const MEGABYTE = 1 << 20;
const SENTENCE =
  'The tenant shall pay the rent, Straße 12 东京, on the first day of each month; über-late payments cost 5%. ';
const long = SENTENCE.repeat(Math.ceil((6 * MEGABYTE) / SENTENCE.length));

/** A tokenizer that gives a token per character and records what it was given. */
function counter(perToken = 4) {
  const units: number[] = [];
  const tokenize = (text: string): Promise<Int32Array> => {
    units.push(text.length);
    return Promise.resolve(new Int32Array(Math.ceil(text.length / perToken)));
  };
  return { units, tokenize };
}

describe('tokenizeUpTo', () => {
  it('tokenizes a text of up to a megabyte as a whole', async () => {
    const { units, tokenize } = counter();
    const { ids, estimate } = await tokenizeUpTo('a'.repeat(MEGABYTE), 512, false, tokenize);
    expect([units, ids.length, estimate]).toEqual([[MEGABYTE], MEGABYTE / 4, null]);
  });

  it.each([false, true])('tokenizes a quarter of a megabyte of a longer one; to be cut: %s', async (cut) => {
    const { units, tokenize } = counter();
    const { ids, estimate } = await tokenizeUpTo(long, 512, cut, tokenize);
    expect(units).toHaveLength(1);
    expect(units[0]).toBeLessThanOrEqual(MEGABYTE / 4);
    expect(ids.length).toBeGreaterThan(2 * 512);
    expect(estimate! / (long.length / 4)).toBeCloseTo(1, 3);
  });

  it('goes on where the start has too few tokens to be sure', async () => {
    const { units, tokenize } = counter(200);
    const { ids, estimate } = await tokenizeUpTo(long, 512, false, tokenize);
    expect(units.length).toBeGreaterThan(1);
    expect(ids.length).toBeGreaterThan(2 * 512);
    expect(estimate).not.toBeNull();
    const sparse = counter(10_000);
    expect((await tokenizeUpTo(long, 512, false, sparse.tokenize)).estimate).toBeNull();
    expect(sparse.units.at(-1)).toBe(long.length);
  });

  it('cuts at the end of a word, or not at all', async () => {
    const seen: string[] = [];
    const tokenize = (text: string): Promise<Int32Array> => {
      seen.push(text);
      return Promise.resolve(new Int32Array(text.length));
    };
    await tokenizeUpTo(long, 512, true, tokenize);
    expect(long.slice(0, seen[0]!.length)).toBe(seen[0]);
    expect(seen[0]).toMatch(/\S$/);
    expect(long[seen[0]!.length]).toBe(' ');
    const { units, tokenize: count } = counter();
    await tokenizeUpTo('a'.repeat(6 * MEGABYTE), 512, true, count);
    expect(units).toEqual([6 * MEGABYTE]);
  });

  it('does not cut a surrogate pair', async () => {
    const emoji = `x${'😀'.repeat(3 * MEGABYTE)}`;
    await tokenizeUpTo(emoji, 512, false, (text) => {
      expect(text.isWellFormed()).toBe(true);
      return Promise.resolve(new Int32Array(text.length));
    });
  });
});

describe.each(['mini-rope', 'mini-ape', 'mini-causal'])('%s', (name) => {
  const loaded = EmbeddingModel.load(name);
  afterAll(async () => (await loaded).dispose());

  it('says at once how long a text of megabytes is about', async () => {
    const model = await loaded;
    const whole = (await model.tokenize(long)).length;
    const error = await model.embed(long, { as: 'raw' }).catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ code: 'ERR_INPUT_TOO_LONG' });
    const [, about = ''] =
      /is about (\d+) tokens .* set extend to "pcw:\d+k"/.exec((error as Error).message) ?? [];
    expect(Math.abs(Number(about) / whole - 1)).toBeLessThan(0.05);
  });

  it('embeds the same start of it', async () => {
    const model = await loaded;
    const whole = await model.tokenize(long);
    const limit = model.info.nativeContext;
    const cut = await model.embed(long, { as: 'raw', truncate: true });
    const given = await model.embed(whole.slice(0, limit), { as: 'raw', truncate: true });
    expect(cut.truncated).toBe(true);
    expect(cut.embedding).toEqual(given.embedding);
  });
});
