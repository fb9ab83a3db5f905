/** What makes a model's vectors suspect. */
import { describe, expect, it } from 'vitest';
import type { LoadOptions } from '../../lib/index.js';
import type { NativeFacts } from '../../lib/native/index.js';
import { FACTS, FakeNative } from './fake-native.js';

async function warningsOf(facts: Partial<NativeFacts>, options: LoadOptions = {}): Promise<string[]> {
  const told: string[] = [];
  const model = await new FakeNative(facts).open({ ...options, onWarning: (text) => told.push(text) });
  expect(model.info.warnings).toEqual(told);
  await model.dispose();
  return told;
}

describe('a warning', () => {
  const last: Partial<NativeFacts> = { pooling: 'last', suffixTokens: [] };

  it('comes for a last-token model without an end token', async () => {
    expect(await warningsOf(last)).toEqual([
      expect.stringContaining('pools the last token, but its file adds no end token'),
    ]);
    expect(await warningsOf({ ...last, suffixTokens: [2] })).toEqual([]);
    expect(await warningsOf({ ...last, pooling: 'mean' })).toEqual([]);
    expect(await warningsOf({ suffixTokens: [] }, { pooling: 'last' })).toHaveLength(1);
    for (const eos of [true, false]) expect(await warningsOf(last, { specialTokens: { eos } })).toEqual([]);
  });

  it('comes for a file that adds a token which it does not name', async () => {
    const facts = (name: string): Partial<NativeFacts> => ({
      ...{ metadata: { [`tokenizer.ggml.add_${name}_token`]: 'true' }, prefixTokens: [], suffixTokens: [] },
    });
    for (const name of ['bos', 'eos']) {
      const told = expect.stringContaining(`add_${name}_token), but names no such token`) as string;
      expect(await warningsOf(facts(name))).toEqual([told]);
      expect(await warningsOf(facts(name), { specialTokens: { [name]: false } })).toEqual([]);
      expect(await warningsOf({ ...facts(name), prefixTokens: [1], suffixTokens: [2] })).toEqual([]);
    }
  });

  it('comes for a BPE file that does not say how text is split', async () => {
    const bpe = { tokenizer: 'bpe', metadata: {} };
    expect(await warningsOf(bpe)).toEqual([expect.stringContaining('tokenizer.ggml.pre')]);
    expect(await warningsOf({ ...bpe, metadata: { 'tokenizer.ggml.pre': 'gpt-2' } })).toEqual([]);
  });

  it('comes for a reranker that is pooled all the same', async () => {
    expect(await warningsOf({ pooling: 'rank' })).toEqual([]);
    expect(await warningsOf({ pooling: 'rank' }, { pooling: 'cls' })).toEqual([
      expect.stringContaining('This is a reranker'),
    ]);
    const model = await new FakeNative({ pooling: 'rank' }).open({});
    await expect(model.embed('text')).rejects.toThrow('This is a reranker (the file says pooling rank)');
    expect([model.info.pooling, model.info.filePooling]).toEqual([null, 'rank']);
    await model.dispose();
  });

  it("comes for a preset that pools otherwise than the file says, and not where that is the caller's choice", async () => {
    const told = expect.stringMatching(
      /^The file says pooling cls, but e5-small was trained with mean, which is used\..*--preset none.*--pooling cls/,
    ) as string;
    expect(await warningsOf({ pooling: 'cls' }, { preset: 'e5-small' })).toEqual([told]);
    for (const pooling of ['mean', 'none', null] as const)
      expect(await warningsOf({ pooling }, { preset: 'e5-small' })).toEqual([]);
    expect(await warningsOf({ pooling: 'cls' }, { preset: 'e5-small', pooling: 'mean' })).toEqual([]);
    expect(await warningsOf({ pooling: 'cls' }, { preset: false })).toEqual([]);
  });

  it('does not come for an ordinary model', async () => {
    expect(await warningsOf(FACTS)).toEqual([]);
  });
});
