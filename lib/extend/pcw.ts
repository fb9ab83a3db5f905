import { LongEmbedError } from '../error.js';
import { type CommonKeys, defineStrategy, MAX_TOKENS } from './strategy.js';
import { fullWindows } from './windows.js';

/** Parallel context windows: windows of Lo tokens, their pooled vectors averaged. */
export interface PcwExtend extends CommonKeys {
  method: 'pcw';
  /** Content tokens that neighbouring windows share, from 0. Default: 0; for chunk vectors a quarter of a window, at most 512. */
  overlap?: number | undefined;
  /** How windows count in the mean: alike (`windows`, the default), or by their content tokens; then a short last one stays short. */
  weights?: 'windows' | 'tokens' | undefined;
  /** What becomes of the windows' pooled vectors: their mean (default), or the largest value in each dimension. */
  pool?: 'mean' | 'max' | undefined;
}

/** Keys that are left out stay out: they change nothing, and neither should the names of results. */
interface PcwParameters {
  overlap?: number;
  weights?: 'windows' | 'tokens';
  pool?: 'mean' | 'max';
}

/**
 * Parallel context windows (paper §4.2, design §5). Every window holds Lo tokens with its own prompt and special tokens,
 * so it carries Lo − k of content. A last piece that would be short starts earlier and is full too: a short window
 * would weigh as much in the mean as a full one. With `weights=tokens` it does not, and so it stays where it is.
 */
export const pcw = defineStrategy<PcwExtend, PcwParameters>({
  method: 'pcw',
  title: 'parallel context windows',
  help: 'windows of the native length, averaged; for every model; overlap=, weights=tokens, pool=max',
  keys: {
    overlap: { whole: true, min: 0, max: MAX_TOKENS },
    weights: { words: ['windows', 'tokens'] },
    pool: { words: ['mean', 'max'] },
  },
  file: 'it embeds windows one by one and averages their vectors, which the program has to do',
  defaults: () => ({}),
  check({ overlap = 0, weights, pool }, { nativeContext }) {
    if (overlap >= nativeContext) throw tooWide(overlap, `the native context is ${nativeContext} tokens`);
    if (weights === 'tokens' && pool === 'max') {
      throw invalid('weights is tokens and pool is max, which has no weights: leave out one of them.');
    }
  },
  windows({ overlap = 0, weights = 'windows' }, { nativeContext }, contentTokens, { before, after }) {
    const capacity = nativeContext - before - after;
    if (capacity < 1) {
      throw invalid(
        `The prompt and special tokens are ${before + after} tokens, and a window has ${nativeContext}: ` +
          'no content fits. Give a shorter prompt.',
      );
    }
    if (overlap >= capacity) {
      throw tooWide(overlap, `beside the prompt and special tokens a window has room for ${capacity}`);
    }
    const windows = fullWindows(contentTokens, capacity, overlap);
    return weights === 'windows'
      ? windows
      : windows.map(({ to }, index) => ({ from: index * (capacity - overlap), to }));
  },
  windowPooling: ({ weights = 'windows', pool = 'mean' }) => ({ weights, pool }),
  layout: () => ({}),
});

function tooWide(overlap: number, why: string): LongEmbedError {
  return invalid(`overlap is ${overlap}, but ${why}: windows would not advance. Give a smaller overlap.`);
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
