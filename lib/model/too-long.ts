import { LongEmbedError } from '../error.js';
import { resolveExtend, type Extend, type StrategyContext, type Method } from '../extend/index.js';
import type { EmbedSettings } from './settings.js';

/** The error about a document of `content` tokens and `around` prompt and special ones: how long, the limit, what to do. */
export function tooLong(
  content: number,
  around: number,
  settings: EmbedSettings,
  facts: StrategyContext,
): LongEmbedError {
  const { limit, extend } = settings;
  const n = content + around;
  const limited =
    limit < extend.limit ? `the option maxTokens allows ${limit}` : `"${extend.spec}" takes ${limit}`;
  if (around >= limit) {
    return error(
      `The prompt and special tokens alone are ${around} tokens, and ${limited}. Give a shorter prompt or a higher limit.`,
    );
  }
  const advice = [
    ...(limit < extend.limit ? ['raise maxTokens'] : []),
    ...(n > extend.limit ? longer(n, extend.method, facts) : []),
    'or set truncate to embed its start',
  ];
  return error(
    `The text is ${n} tokens with its prompt and special tokens, but ${limited}: ${advice.join(', ')}.`,
  );
}

/** Which strategy would take n tokens: the one in use with a higher target, else windows, which every model takes. */
function longer(n: number, method: Method, facts: StrategyContext): string[] {
  const target = Math.ceil(n / 1024) * 1024;
  const candidates: Extend[] = [
    ...(method === 'none' ? [] : [{ method, target }]),
    { method: 'pcw', target },
  ];
  for (const candidate of candidates) {
    try {
      return [`set extend to "${resolveExtend(candidate, facts).spec}"`];
    } catch {
      // This model does not take that one so far.
    }
  }
  return [];
}

function error(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INPUT_TOO_LONG', message);
}
