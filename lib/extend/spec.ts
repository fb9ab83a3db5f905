/** Strategies as spec strings and as objects from outside, and their checks. */
import { display, LongEmbedError } from '../error.js';
import { parseSize } from '../format.js';
import { type Extend, isMethod, type Method, METHODS, STRATEGIES } from './strategies.js';
import { attentionScalesOf, type Range, WHOLE, type Words } from './strategy.js';

/**
 * Reads a spec string, `method[:target][,key=value]…` (design §5). Whole numbers may end in k or m: 4k is 4096.
 * @example parseExtend('se:4k,g=9,w=64,attention-scale=off')
 *   // { method: 'se', target: 4096, g: 9, w: 64, attentionScale: 'off' }
 * @throws LongEmbedError ERR_INVALID_OPTION, naming what was given and what is allowed: an unknown method, an unknown or
 *   repeated key, a value out of range
 */
export function parseExtend(spec: string): Extend {
  if (typeof (spec as unknown) !== 'string') {
    throw invalid(`The spec is ${display(spec)}: it must be a string such as "pcw:4k".`);
  }
  const [head = '', ...pairs] = spec.split(',');
  const [name = '', target, ...more] = head.split(':');
  if (more.length > 0)
    throw invalid(`${display(spec)} has more than one colon: write method:target,key=value.`);
  const method = checkMethod(name);
  const extend: Record<string, unknown> = { method };
  if (target !== undefined) extend['target'] = readNumber('target', target, TARGET);
  for (const pair of pairs) {
    const [key, value] = readPair(pair, method);
    const property = key === 'attention-scale' ? 'attentionScale' : key;
    if (Object.hasOwn(extend, property)) throw invalid(`${display(spec)} gives ${key} twice.`);
    extend[property] = value;
  }
  return extend as unknown as Extend;
}

/**
 * Writes the spec string of a strategy: the target in k where it divides, keys in a fixed order, `attention-scale` last.
 * `parseExtend` gives back an equal object.
 * @throws LongEmbedError ERR_INVALID_OPTION when the object is not a valid strategy
 */
export function formatExtend(extend: Extend): string {
  return writeExtend(checkExtend(extend));
}

/** The same for a strategy whose numbers have been checked, or derived from checked ones. */
export function writeExtend(extend: Extend): string {
  const { method, target, attentionScale, ...own } = extend as Extend & Record<string, unknown>;
  let spec: string = method;
  if (target !== undefined) spec += `:${formatSize(target)}`;
  for (const key of keysOf(method)) {
    const value =
      key === 'attention-scale' ? attentionScale : (own as Partial<Record<string, number | string>>)[key];
    if (value !== undefined) spec += `,${key}=${value}`;
  }
  return spec;
}

/** A number of tokens, in k (1,024) where it divides. */
function formatSize(tokens: number): string {
  return tokens % 1024 === 0 ? `${tokens / 1024}k` : String(tokens);
}

function readPair(pair: string, method: Method): [key: string, value: string | number] {
  const equals = pair.indexOf('=');
  if (equals < 0)
    throw invalid(`${display(pair)} is not key=value: ${method} takes ${keysOf(method).join(', ')}.`);
  const [key, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
  if (key === 'attention-scale') return [key, checkScale(key, value, method)];
  const ranges = STRATEGIES[method].keys;
  const range = Object.hasOwn(ranges, key) ? ranges[key] : undefined;
  if (range === undefined) throw unknownKey(key, method, keysOf(method));
  return [key, isWords(range) ? checkWord(key, value, range.words) : readNumber(key, value, range)];
}

/** Reads 512, 4k, 1m and, where fractions are allowed, 2.5 or 1e3; nothing else that JavaScript would take for a number. */
function readNumber(key: string, text: string, range: Range): number {
  const size = parseSize(text);
  if (size !== null) return checkNumber(key, size, text, range);
  const decimal = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text);
  return checkNumber(key, decimal ? Number(text) : undefined, text, range);
}

const TARGET: Range = WHOLE;

export function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}

/** The keys that a method takes in a spec string, in canonical order. */
function keysOf(method: Method): string[] {
  return [...Object.keys(STRATEGIES[method].keys), 'attention-scale'];
}

/** The allowed values, for messages. */
function describeRange({ whole, min, max }: Range): string {
  return `a ${whole ? 'whole number' : 'number'} from ${min} to ${max}`;
}

/** Throws unless `value` is a number in `range`. `shown` is what the caller wrote. */
function checkNumber(key: string, value: unknown, shown: unknown, range: Range): number {
  const fits =
    typeof value === 'number' &&
    value >= range.min &&
    value <= range.max &&
    (!range.whole || Number.isInteger(value));
  if (fits) return value;
  const misspelt = range.whole && typeof shown === 'string' && /^\d+[a-z]+$/i.test(shown);
  const units = misspelt && parseSize(shown) === null ? ', such as 512, 4k (4096) or 1m (1048576)' : '';
  throw invalid(`${key} is ${display(shown)}: it must be ${describeRange(range)}${units}.`);
}

function checkMethod(method: unknown): Method {
  if (isMethod(method)) return method;
  const known = METHODS.map((name) => `${name} (${STRATEGIES[name].title})`).join(', ');
  throw invalid(`Unknown strategy ${display(method)}: use one of ${known}.`);
}

/** The error about a key that a method does not take. */
function unknownKey(key: string, method: Method, allowed: readonly string[]): LongEmbedError {
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
  const ranges: Record<string, Range | Words> = { target: TARGET, ...STRATEGIES[method].keys };
  const checked: Record<string, unknown> = { method };
  for (const [key, given] of Object.entries(keys)) {
    const range = Object.hasOwn(ranges, key) ? ranges[key] : undefined;
    if (range === undefined && key !== 'attentionScale') {
      throw unknownKey(key, method, [...Object.keys(ranges), 'attentionScale']);
    }
    if (given === undefined) continue;
    checked[key] = checkValue(key, given, range, method);
  }
  return checked as unknown as Extend;
}

/** @param range of the key; undefined for attentionScale */
function checkValue(
  key: string,
  value: unknown,
  range: Range | Words | undefined,
  method: Method,
): number | string {
  if (range === undefined) return checkScale(key, value, method);
  return isWords(range) ? checkWord(key, value, range.words) : checkNumber(key, value, value, range);
}

function isWords(range: Range | Words): range is Words {
  return 'words' in range;
}

/** Throws unless `value` names an attention scaling. */
function checkScale(key: string, value: unknown, method: Method): string {
  return checkWord(key, value, attentionScalesOf(method));
}

function checkWord(key: string, value: unknown, words: readonly string[]): string {
  if (typeof value === 'string' && words.includes(value)) return value;
  throw invalid(`${key} is ${display(value)}: it must be one of ${words.join(', ')}.`);
}
