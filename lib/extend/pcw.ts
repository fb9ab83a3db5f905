import { LongEmbedError } from '../error.js';
import { type CommonKeys, defineStrategy } from './strategy.js';

/** Parallel context windows: windows of Lo tokens, their pooled vectors averaged. */
export interface PcwExtend extends CommonKeys {
  method: 'pcw';
}

/**
 * Parallel context windows (paper §4.2, design §5). Every window holds Lo tokens with its own prompt and special tokens,
 * so it carries Lo − k of content. A last piece that would be short starts earlier and is full too: a short window
 * would weigh as much in the mean as a full one.
 */
export const pcw = defineStrategy<PcwExtend>({
  method: 'pcw',
  title: 'parallel context windows',
  help: 'windows of the native length, their vectors averaged; for every model',
  keys: {},
  file: 'it embeds windows one by one and averages their vectors, which the program has to do',
  defaults: () => ({}),
  windows({ nativeContext }, contentTokens, { before, after }) {
    const capacity = nativeContext - before - after;
    if (capacity < 1) {
      throw new LongEmbedError(
        'ERR_INVALID_OPTION',
        `The prompt and special tokens are ${before + after} tokens, and a window has ${nativeContext}: ` +
          'no content fits. Give a shorter prompt.',
      );
    }
    if (contentTokens <= capacity) return [{ from: 0, to: contentTokens }];
    return Array.from({ length: Math.ceil(contentTokens / capacity) }, (_, index) => {
      const to = Math.min((index + 1) * capacity, contentTokens);
      return { from: to - capacity, to };
    });
  },
  layout: () => ({}),
});
