/** A model that computes nothing: a token a character, a vector of two numbers, and work that waits until it is let go. */
import type { Model } from '../../server/models/served-model.js';
import { type ManyInput, LongEmbedError } from '../../lib/index.js';
import { INFO } from '../cli/world.js';

export interface FakeModel extends Model {
  disposed: boolean;
  /** Lets what waits go on. */
  release(): void;
  /** Inputs that were embedded. */
  embedded: number;
}

/** @param options `held`: whether embedding waits for `release` */
export function fakeModel({ sizeBytes = 100, held = false, fail = null as Error | null } = {}): FakeModel {
  let open: () => void = () => undefined;
  const gate = held ? new Promise<void>((resolve) => (open = resolve)) : Promise.resolve();
  const info = { ...INFO, sizeBytes };
  const lengthOf = (input: ManyInput): number =>
    typeof input === 'object' && 'tokens' in input ? input.tokens.length : 1;
  async function* embedMany(...[inputs, options]: Parameters<Model['embedMany']>) {
    const signal = options?.signal;
    let index = 0;
    for await (const input of inputs) {
      await Promise.race([
        gate,
        new Promise((_, reject) =>
          signal?.addEventListener('abort', () =>
            reject(new LongEmbedError('ERR_ABORTED', 'aborted', { cause: signal.reason })),
          ),
        ),
      ]);
      if (fail !== null) throw fail;
      model.embedded++;
      const tokens = lengthOf(input);
      yield { index: index++, embedding: Float32Array.of(tokens, 0.5), tokens, windows: 1, truncated: false };
    }
  }
  const model: FakeModel = {
    info,
    disposed: false,
    embedded: 0,
    tokenize: (text) => Promise.resolve(Int32Array.from(text, (c) => c.codePointAt(0)!)),
    embedMany: embedMany as unknown as Model['embedMany'],
    embedManyChunks: () => {
      throw new Error('the fake model has no chunks');
    },
    dispose: () => {
      model.disposed = true;
      return Promise.resolve();
    },
    release: () => open(),
  };
  return model;
}
