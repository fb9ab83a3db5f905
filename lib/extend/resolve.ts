import { LongEmbedError } from '../error.js';
import { defaultAttentionScale } from './attention-scale.js';
import { checkExtend, invalid } from './check.js';
import { formatExtend, parseExtend } from './spec.js';
import { STRATEGIES } from './strategies.js';
import { MAX_TOKENS } from './strategy.js';
import { supportedStrategies } from './support.js';
import type { AttentionScale, Extend, ExtendFacts, ResolvedExtend } from './types.js';

/**
 * Settles a strategy for a model: checks that the model can take it and fills in the defaults, which are the
 * paper's (Table 6) at the targets of the paper.
 * @param extend a spec string or the same as an object
 * @throws LongEmbedError ERR_INVALID_OPTION for a value out of range, a target below the native context among them;
 *   ERR_STRATEGY_UNSUPPORTED, with the reason, when the model cannot take the strategy or its attention scaling
 */
export function resolveExtend(extend: Extend | string, facts: ExtendFacts): ResolvedExtend {
  const given = typeof extend === 'string' ? parseExtend(extend) : checkExtend(extend);
  checkNativeContext(facts);
  const strategy = STRATEGIES[given.method];
  const reason = strategy.refuses(facts);
  if (reason !== null) {
    const others = supportedStrategies(facts).flatMap(({ method, supported }) => (supported ? [method] : []));
    throw unsupported(`This model cannot take ${given.method}: ${reason}. It takes ${others.join(', ')}.`);
  }
  const target = given.target ?? strategy.defaultTarget(given, facts);
  checkTarget(target, facts);
  const attentionScale = given.attentionScale ?? defaultAttentionScale(given, facts);
  const resolved = {
    method: given.method,
    spec: formatExtend(given.method === 'none' ? given : { ...given, target }),
    target,
    limit: target,
    scale: Math.ceil(target / facts.nativeContext),
    attentionScale,
    s: null,
    lambda: null,
    g: null,
    w: null,
    ...strategy.parameters(given, facts, target),
  };
  // Windows never exceed the native context, so there is nothing to scale in pcw.
  if (strategy.windows === undefined) checkScalable(attentionScale, resolved.spec, target, facts);
  return { ...resolved, warnings: strategy.warnings?.(resolved, facts) ?? [] };
}

/** Attention scales by ln n / ln Lo, so Lo = 1 has no meaning; a position matrix holds no more than its rows. */
function checkNativeContext({ nativeContext, positionEncoding, positionRows }: ExtendFacts): void {
  const most = positionEncoding === 'absolute' ? positionRows : MAX_TOKENS;
  if (Number.isInteger(nativeContext) && nativeContext >= 2 && nativeContext <= most) return;
  const why = positionEncoding === 'absolute' ? ', the rows of its position matrix' : '';
  throw invalid(
    `The native context is ${nativeContext} tokens: for this model it must be a whole number from 2 to ${most}${why}.`,
  );
}

function checkTarget(target: number, { nativeContext }: ExtendFacts): void {
  if (target >= nativeContext) return;
  throw invalid(
    `target is ${target}: it must be a whole number from ${nativeContext}, the native context, to ${MAX_TOKENS}. ` +
      'To embed less of each text, set maxTokens (--max-tokens) and truncate.',
  );
}

/** llama.cpp's context has no place for factors on logits; leaving them out silently would give other vectors. */
function checkScalable(scaling: AttentionScale, spec: string, target: number, facts: ExtendFacts): void {
  if (facts.engine === 'graph' || scaling === 'off' || target <= facts.nativeContext) return;
  const bare = spec.replace(/,attention-scale=.*/, '');
  throw unsupported(
    `This model cannot take attention scaling, which ${spec} has by default or by its key: its architecture runs in llama.cpp's ` +
      `own context, which scales nothing. Say that you do without: ${bare},attention-scale=off.`,
  );
}

function unsupported(message: string): LongEmbedError {
  return new LongEmbedError('ERR_STRATEGY_UNSUPPORTED', message);
}
