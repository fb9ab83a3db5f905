/** Files that `longembed extend` made, as the model sees them. */
import { describe, expect, it } from 'vitest';
import { describe as infoText } from '../../cli/info.js';
import type { NativeFacts } from '../../lib/native/index.js';
import { FACTS, FakeNative, ROPE_FACTS } from './fake-native.js';

/** An E5-Base-v2 file whose position matrix was extended from 512 to `rows`. */
function extendedE5(rows: number, metadata: Record<string, string> = {}): FakeNative {
  return new FakeNative({
    ...FACTS,
    name: 'E5 Base v2',
    layers: 12,
    dimensions: 768,
    vocabularySize: 30522,
    contextLength: rows,
    positionRows: rows,
    metadata: {
      'longembed.extend.spec': 'pi:4k,s=8,attention-scale=off',
      'longembed.extend.native_context': '512',
      'longembed.extend.original_context_length': '512',
      ...metadata,
    },
  });
}

const E5_MISTRAL: Partial<NativeFacts> = {
  ...ROPE_FACTS,
  architecture: 'llama',
  name: 'E5 Mistral 7b Instruct',
  layers: 32,
  dimensions: 4096,
  vocabularySize: 32000,
  contextLength: 32768,
  causal: true,
};

describe('an extended file', () => {
  it('keeps its preset, except for the native context', async () => {
    const { info } = await extendedE5(4096).open();
    expect(info).toMatchObject({
      preset: 'e5-base-v2',
      prompts: { query: 'query: ', document: 'passage: ' },
      nativeContext: 4096,
      nativeContextSource: 'file',
      extended: { spec: 'pi:4k,s=8,attention-scale=off', nativeContext: 512, originalContext: 512 },
    });
    expect((await extendedE5(4096).open({ preset: 'e5-base-v2' })).info.nativeContext).toBe(4096);
  });

  it('is recognised by the rows of the original', async () => {
    const other = { 'longembed.extend.original_context_length': '1024' };
    expect((await extendedE5(4096, other).open()).info.preset).toBeNull();
    const bare = new FakeNative({ ...extendedE5(4096).facts, metadata: {} });
    expect((await bare.open()).info).toMatchObject({ preset: null, extended: null });
  });

  it('embeds texts up to its own context without a strategy', async () => {
    const native = extendedE5(4096);
    native.vector = () => new Array<number>(768).fill(1);
    const model = await native.open();
    expect((await model.embed('5 '.repeat(4000), { as: 'raw' })).tokens).toBe(4002);
  });

  it("gives precedence to the caller's options", async () => {
    expect((await extendedE5(4096).open({ nativeContext: 1024 })).info).toMatchObject({
      nativeContext: 1024,
      nativeContextSource: 'option',
    });
  });

  it('of RoPE has the context that was written into it', async () => {
    const metadata = {
      'longembed.extend.spec': 'ntk:32k,lambda=10,attention-scale=off',
      'longembed.extend.native_context': '4096',
      'longembed.extend.original_context_length': '32768',
    };
    expect((await new FakeNative(E5_MISTRAL).open()).info.nativeContext).toBe(4096);
    expect((await new FakeNative({ ...E5_MISTRAL, metadata }).open()).info).toMatchObject({
      preset: 'e5-mistral-7b-instruct',
      specialTokens: { prefix: [1], suffix: [2] },
      nativeContext: 32768,
    });
  });

  it('has no wide steps between short positions', async () => {
    const native = extendedE5(8192, {
      'longembed.extend.native_context': '4096',
      'longembed.extend.original_context_length': '4096',
    });
    const { info } = await new FakeNative({ ...native.facts, name: 'E5 Base 4k' }).open();
    expect(info).toMatchObject({ preset: 'e5-base-4k', shortInputs: null, nativeContext: 8192 });
  });

  it('is described by info', async () => {
    const { info } = await extendedE5(4096).open();
    expect(infoText(info, [])).toMatch(
      /^ {2}extended +by longembed extend, with pi:4k,s=8,attention-scale=off from a native context of 512 tokens$/m,
    );
  });
});
