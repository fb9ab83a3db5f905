import { display } from '../error.js';
import {
  checkExtend,
  checkMethod,
  checkNumber,
  checkScale,
  invalid,
  keysOf,
  TARGET,
  unknownKey,
} from './check.js';
import { STRATEGIES } from './strategies.js';
import type { Range } from './strategy.js';
import type { Extend, Method } from './types.js';

/**
 * Reads a spec string, `method[:target][,key=value]…` (design §5). Whole numbers may end in k, 4k is 4096.
 * @example parseExtend('se:4k,g=9,w=64,attention-scale=off')
 *   // { method: 'se', target: 4096, g: 9, w: 64, attentionScale: 'off' }
 * @throws LongEmbedError ERR_INVALID_OPTION, naming what was given and what is allowed: an unknown method, an unknown or
 *   repeated key, a value out of range
 */
export function parseExtend(spec: string): Extend {
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
  const { method, target, attentionScale, ...own } = checkExtend(extend) as Extend & Record<string, unknown>;
  let spec: string = method;
  if (target !== undefined) spec += `:${formatSize(target)}`;
  for (const key of keysOf(method)) {
    const value = key === 'attention-scale' ? attentionScale : (own as Partial<Record<string, number>>)[key];
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
  if (key === 'attention-scale') return [key, checkScale(key, value)];
  const ranges: Record<string, Range> = STRATEGIES[method].keys;
  const range = Object.hasOwn(ranges, key) ? ranges[key] : undefined;
  if (range === undefined) throw unknownKey(key, method, keysOf(method));
  return [key, readNumber(key, value, range)];
}

/** Reads 512, 4k and, where fractions are allowed, 2.5 or 1e3; nothing else that JavaScript would take for a number. */
function readNumber(key: string, text: string, range: Range): number {
  const size = /^(\d+)(k?)$/i.exec(text);
  if (size !== null) {
    return checkNumber(key, Number(size[1]) * (size[2] === '' ? 1 : 1024), text, range);
  }
  const decimal = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text);
  return checkNumber(key, decimal ? Number(text) : undefined, text, range);
}
