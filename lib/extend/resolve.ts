import { LongEmbedError } from '../error.js';
import { omit } from '../omit.js';
import { checkExtend, formatExtend, invalid, parseExtend, writeExtend } from './spec.js';
import { type Extend, type Method, METHODS, STRATEGIES } from './strategies.js';
import {
  type AttentionScale,
  MAX_TOKENS,
  type Parameters,
  type Sizes,
  type StrategyContext,
} from './strategy.js';

/** A strategy for one model, every default filled in. */
export interface ResolvedExtend {
  readonly method: Method;
  /** The spec string in canonical form, the target written out: result files are named after it. */
  readonly spec: string;
  /** The spec string with every number and the attention scaling written out: it decides all that the strategy does. */
  readonly exact: string;
  /** Lt in tokens. */
  readonly target: number;
  /** The largest n, tokens of a document with its prompt and special tokens. */
  readonly limit: number;
  /** The scale factor ⌈Lt / Lo⌉. */
  readonly scale: number;
  /** The strategy's own numbers; gp has no `s` where it follows from each sequence's length. */
  readonly parameters: Parameters;
  readonly attentionScale: AttentionScale;
  /** Sentences to show once, about values that are allowed but probably not intended. */
  readonly warnings: readonly string[];
}

/** Whether a model supports a strategy. `reason` and `note` are clauses without a full stop. */
export interface StrategySupport {
  method: Method;
  supported: boolean;
  /** Why the model does not support it; null when it does. */
  reason: string | null;
  /** A remark about it on this model; null when there is none, or when the model does not support it. */
  note: string | null;
}

/**
 * Resolves a strategy for a model: checks that the model supports it and fills in the defaults, which are the
 * paper's (Table 6) at the targets of the paper.
 * @param extend a spec string or the same as an object
 * @throws LongEmbedError ERR_INVALID_OPTION for a value out of range, a target below the native context among them;
 *   ERR_STRATEGY_UNSUPPORTED, with the reason, when the model does not support the strategy or its attention scaling
 */
export function resolveExtend(extend: Extend | string, context: StrategyContext): ResolvedExtend {
  const given = typeof extend === 'string' ? parseExtend(extend) : checkExtend(extend);
  checkNativeContext(context);
  const { method } = given;
  const strategy = STRATEGIES[method];
  const reason = strategy.refuses(context);
  if (reason !== null) {
    const others = supportedStrategies(context).flatMap((one) => (one.supported ? [one.method] : []));
    throw unsupported(`This model does not support ${method}: ${reason}. It supports ${others.join(', ')}.`);
  }
  const target = given.target ?? strategy.defaultTarget(given, context);
  checkTarget(target, context);
  const { parameters, attentionScale } = withDefaults(given, target, context);
  strategy.check?.(parameters, context, target);
  const spec = formatExtend(method === 'none' ? given : { ...given, target });
  // Windows never exceed the native context, so there is nothing to scale in pcw.
  if (strategy.windows === undefined) checkScalable(attentionScale, spec, target, context);
  return {
    method,
    spec,
    exact: exactSpec(method, target, parameters, attentionScale),
    target,
    limit: target,
    scale: sizesOf(target, context).scale,
    parameters,
    attentionScale,
    warnings: strategy.warnings?.(parameters, context, target) ?? [],
  };
}

/** Every strategy, whether the model supports it and why not, in the order of METHODS. */
export function supportedStrategies(context: StrategyContext): StrategySupport[] {
  return METHODS.map((method) => {
    const strategy = STRATEGIES[method];
    const reason = strategy.refuses(context);
    const note = reason === null ? (strategy.notes?.(context) ?? null) : null;
    return { method, supported: reason === null, reason, note };
  });
}

/**
 * The strategy's own numbers and its attention scaling: those given, else the defaults. Needs less of a model than resolving.
 * @param target in tokens
 */
export function withDefaults(
  given: Extend,
  target: number,
  context: Pick<StrategyContext, 'nativeContext' | 'causal'>,
): { parameters: Parameters; attentionScale: AttentionScale } {
  const strategy = STRATEGIES[given.method];
  const own = Object.entries(omit(given, 'method', 'target', 'attentionScale'));
  return {
    parameters: {
      ...strategy.defaults(sizesOf(target, context)),
      ...(Object.fromEntries(own.filter(([, value]) => value !== undefined)) as Parameters),
    },
    attentionScale: given.attentionScale ?? strategy.defaultAttentionScale(context),
  };
}

export function sizesOf(target: number, { nativeContext }: Pick<StrategyContext, 'nativeContext'>): Sizes {
  return { nativeContext, target, scale: Math.ceil(target / nativeContext) };
}

/** The spec string of a strategy with these numbers. */
export function exactSpec(
  method: Method,
  target: number,
  parameters: Parameters,
  attentionScale: AttentionScale,
): string {
  return writeExtend({ method, target, ...parameters, attentionScale });
}

/** Attention scales by ln n / ln Lo, so Lo = 1 has no meaning; a position matrix holds no more than its rows. */
function checkNativeContext({ nativeContext, positionEncoding, positionRows }: StrategyContext): void {
  const max = positionEncoding === 'absolute' ? positionRows : MAX_TOKENS;
  if (Number.isInteger(nativeContext) && nativeContext >= 2 && nativeContext <= max) return;
  const why = positionEncoding === 'absolute' ? ', the rows of its position matrix' : '';
  throw invalid(
    `The native context is ${nativeContext} tokens: for this model it must be a whole number from 2 to ${max}${why}.`,
  );
}

function checkTarget(target: number, { nativeContext }: StrategyContext): void {
  if (target >= nativeContext) return;
  throw invalid(
    `target is ${target}: it must be a whole number from ${nativeContext}, the native context, to ${MAX_TOKENS}. ` +
      'To embed less of each text, set maxTokens (--max-tokens) and truncate.',
  );
}

/** llama.cpp's context has no place for factors on logits; leaving them out silently would give other vectors. */
function checkScalable(
  scaling: AttentionScale,
  spec: string,
  target: number,
  { engine, nativeContext }: StrategyContext,
): void {
  if (engine === 'graph' || scaling === 'off' || target <= nativeContext) return;
  const bare = spec.replace(/,attention-scale=.*/, '');
  throw unsupported(
    `This model does not support attention scaling, which ${spec} has by default or by its key: its architecture runs in llama.cpp's ` +
      `own context, which cannot scale logits. Disable it explicitly: ${bare},attention-scale=off.`,
  );
}

function unsupported(message: string): LongEmbedError {
  return new LongEmbedError('ERR_STRATEGY_UNSUPPORTED', message);
}
