import { LongEmbedError } from '../error.js';
import { paperTarget, type Strategy } from './strategy.js';

/**
 * Parallel context windows (paper §4.2, design §5). Every window holds Lo tokens with its own prompt and special tokens,
 * so it carries Lo − k of content. A last piece that would be short starts earlier and is full too: a short window
 * would weigh as much in the mean as a full one.
 */
export const pcw: Strategy = {
  method: 'pcw',
  title: 'parallel context windows',
  keys: {},
  changesShortInputs: false,
  refuses: () => null,
  defaultTarget: paperTarget,
  parameters: () => ({}),
  windows(_resolved, facts, contentTokens, { before, after }) {
    const room = facts.nativeContext - before - after;
    if (room < 1) {
      throw new LongEmbedError(
        'ERR_INVALID_OPTION',
        `The prompt and special tokens are ${before + after} tokens, and a window has ${facts.nativeContext}: ` +
          'no content fits. Give a shorter prompt.',
      );
    }
    if (contentTokens <= room) return [{ from: 0, to: contentTokens }];
    return Array.from({ length: Math.ceil(contentTokens / room) }, (_, index) => {
      const to = Math.min((index + 1) * room, contentTokens);
      return { from: to - room, to };
    });
  },
  layout: () => ({}),
};
