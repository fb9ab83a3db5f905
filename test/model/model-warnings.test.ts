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

  it('does not come for an ordinary model', async () => {
    expect(await warningsOf(FACTS)).toEqual([]);
  });
});
