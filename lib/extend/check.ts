import { display, LongEmbedError } from '../error.js';
import { ATTENTION_SCALES } from './attention-scale.js';
import { isMethod, METHODS, STRATEGIES } from './strategies.js';
import { MAX_TOKENS, type OwnKey, type Range } from './strategy.js';
import type { Extend, Method } from './types.js';

/** A key as it stands in a spec string. */
export type SpecKey = OwnKey | 'attention-scale';

export const TARGET: Range = { whole: true, min: 1, max: MAX_TOKENS };

export function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}

/** The keys that a method takes in a spec string, in canonical order. */
export function keysOf(method: Method): SpecKey[] {
  return [...(Object.keys(STRATEGIES[method].keys) as OwnKey[]), 'attention-scale'];
}

/** What a value may be, for messages. */
export function describeRange({ whole, min, max }: Range): string {
  return `a ${whole ? 'whole number' : 'number'} from ${min} to ${max}`;
}

/** Throws unless `value` is a number in `range`. `shown` is what the caller wrote. */
export function checkNumber(key: string, value: unknown, shown: unknown, range: Range): number {
  const fits =
    typeof value === 'number' &&
    value >= range.min &&
    value <= range.max &&
    (!range.whole || Number.isInteger(value));
  if (fits) return value;
  throw invalid(`${key} is ${display(shown)}: it must be ${describeRange(range)}.`);
}

export function checkMethod(method: unknown): Method {
  if (isMethod(method)) return method;
  const known = METHODS.map((name) => `${name} (${STRATEGIES[name].title})`).join(', ');
  throw invalid(`Unknown strategy ${display(method)}: use one of ${known}.`);
}

/** The sentence about a key that a method does not take. */
export function unknownKey(key: string, method: Method, allowed: readonly string[]): LongEmbedError {
  return invalid(`Unknown key "${key}" for ${method}: it takes ${allowed.join(', ')}.`);
}

/**
 * Checks a strategy that came as an object, perhaps from JavaScript: unknown keys and wrong types throw
 * ERR_INVALID_OPTION. Keys that are undefined count as left out.
 */
export function checkExtend(value: unknown): Extend {
  if (typeof value !== 'object' || value === null) {
    throw invalid(
      `extend is ${display(value)}: it must be a spec string such as "pcw:4k", or an object with a method.`,
    );
  }
  const { method: name, ...keys } = value as Record<string, unknown>;
  const method = checkMethod(name);
  const ranges: Record<string, Range> = { target: TARGET, ...STRATEGIES[method].keys };
  const checked: Record<string, unknown> = { method };
  for (const [key, given] of Object.entries(keys)) {
    const range = Object.hasOwn(ranges, key) ? ranges[key] : undefined;
    if (range === undefined && key !== 'attentionScale') {
      throw unknownKey(key, method, [...Object.keys(ranges), 'attentionScale']);
    }
    if (given === undefined) continue;
    checked[key] = range === undefined ? checkScale(key, given) : checkNumber(key, given, given, range);
  }
  return checked as unknown as Extend;
}

/** Throws unless `value` names an attention scaling. */
export function checkScale(key: string, value: unknown): string {
  if (typeof value === 'string' && (ATTENTION_SCALES as readonly string[]).includes(value)) return value;
  throw invalid(`${key} is ${display(value)}: it must be one of ${ATTENTION_SCALES.join(', ')}.`);
}
