import { LongEmbedError } from '../error.js';
import { type Extend, type ExtendFacts, formatExtend, type Method } from '../extend/index.js';

/** Why a file cannot hold a strategy, whatever the model; clauses without a full stop. */
const NEVER: Partial<Record<Method, string>> = {
  none: 'it changes nothing',
  pcw: 'it embeds windows one by one and averages their vectors, which is for the program to do',
  se: 'it rotates near and far tokens differently, and GGUF has one rotation for all',
};

/**
 * @throws LongEmbedError ERR_STRATEGY_UNSUPPORTED when a GGUF file cannot hold the strategy for such a model
 */
export function checkWritable(
  given: Extend,
  { positionEncoding }: Pick<ExtendFacts, 'positionEncoding'>,
): void {
  const { method } = given;
  const positions = method === 'gp' || method === 'rp';
  const reason =
    NEVER[method] ??
    (positions && positionEncoding !== 'absolute'
      ? 'other programs rotate token i by position i, and this model has no position matrix that could say otherwise'
      : null);
  if (reason !== null) {
    throw unsupported(
      `A GGUF file cannot hold ${method}: ${reason}. ` +
        `${positionEncoding === 'absolute' ? 'Use pi, gp or rp' : 'Use ntk or pi'}, or give ${method} to longembed embed.`,
    );
  }
  if (given.attentionScale === undefined || given.attentionScale === 'off') return;
  const without = formatExtend({ ...given, attentionScale: 'off' });
  throw unsupported(
    `A GGUF file has no place for attention scaling: say that you do without, ${without}, or give the strategy to longembed embed.`,
  );
}

function unsupported(message: string): LongEmbedError {
  return new LongEmbedError('ERR_STRATEGY_UNSUPPORTED', message);
}
