/** Errors and inputs that new users meet. */
import { pathToFileURL } from 'node:url';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wholeNumber } from '../../cli/options.js';
import { EmbeddingModel } from '../../lib/index.js';
import { checkNode } from '../../lib/native/addon.js';
import { FakeNative } from './fake-native.js';

describe('a way out', () => {
  it('is embedMany for several texts', async () => {
    const model = await new FakeNative().open({});
    await expect(model.embed(['a', 'b'] as never)).rejects.toThrow('for several texts, use embedMany');
    await model.dispose();
  });

  it('is the file of a URL', async () => {
    const path = join(tmpdir(), 'no such model.gguf');
    await expect(EmbeddingModel.load(pathToFileURL(path))).rejects.toThrow(path);
    await expect(EmbeddingModel.load(new URL('https://example.org/a.gguf'))).rejects.toThrow('file: URL');
  });

  it('from an old Node is a newer one', () => {
    expect(() => checkNode('18.20.4')).toThrow('longembed needs Node 20 or newer; this is Node 18.20.4.');
    for (const version of ['20.0.0', '24.1.0']) expect(() => checkNode(version)).not.toThrow();
  });

  it('for a size is in the message', () => {
    const read = wholeNumber(1);
    expect(['512', '4k', '1m', '2M'].map(read)).toEqual([512, 4096, 1048576, 2097152]);
    for (const wrong of ['4kk', '1g', '', 'k', '0'])
      expect(() => read(wrong)).toThrow('4k (4096) or 1m (1048576)');
  });
});
