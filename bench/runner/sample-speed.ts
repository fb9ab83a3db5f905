import type { BenchModel } from './types.js';
import { workOf } from './work.js';

/** A pass that takes this long, in seconds, is not followed by one of twice the tokens: all take about twice as much. */
const LAST = 0.5;

/** The first pass, in tokens. */
const FIRST = 64;

/**
 * Measures how fast a model goes, by passes over more and more tokens, up to its native context.
 * @param texts the longest of the first few is used
 * @returns work a second, as `workOf` counts it
 */
export async function sampleSpeed(
  model: BenchModel,
  texts: readonly string[],
  now: () => number = () => performance.now(),
): Promise<number> {
  const text = texts.slice(0, 10).reduce((longest, one) => (one.length > longest.length ? one : longest), '');
  const { prefix, suffix } = model.info.specialTokens;
  const content = await model.tokenize(text);
  const most = Math.min(model.info.nativeContext, prefix.length + content.length + suffix.length);
  let speed = 0;
  for (let tokens = Math.min(FIRST, most), seconds = 0; seconds < LAST; tokens *= 2) {
    const maxTokens = Math.min(tokens, most);
    const begin = now();
    for await (const result of model.embedMany([{ tokens: content }], {
      as: 'raw',
      truncate: true,
      maxTokens,
    })) {
      if ('error' in result) throw result.error;
    }
    seconds = (now() - begin) / 1000;
    speed = workOf(model.info, 'none', maxTokens) / Math.max(seconds, 1e-6);
    if (maxTokens === most) break;
  }
  return speed;
}
