/** Checks for the options of the public calls. */
import { z } from 'zod';
import { display, LongEmbedError } from './error.js';
import type { Extend } from './extend/index.js';

/** The most that the addon takes. */
const MAX_THREADS = 1024;
const THREADS = `a whole number from 0 to ${MAX_THREADS}, since more threads than cores take turns`;
const LARGEST = `at most ${Number.MAX_SAFE_INTEGER}, since larger numbers are rounded`;

// The message of each check states the allowed values; `checkOptions` prefixes the option's name and the given value.
export const requiredWhole = (min: number) => {
  const allowed = `a whole number from ${min}`;
  return z.int({ error: ({ code }) => (code === 'too_big' ? LARGEST : allowed) }).min(min, allowed);
};
export const whole = (min: number) => requiredWhole(min).optional();
/** CPU threads; 0: as many as there are cores. Each costs memory, and time to start, also where there is no core for it. */
export const threads = z.int(THREADS).min(0, THREADS).max(MAX_THREADS, THREADS).optional();
export const flag = z.boolean('true or false').optional();
export const text = z.string('a string').optional();
export const filePath = z.string('a path').min(1, 'a path').optional();
export const oneOf = <const T extends string>(...values: T[]) =>
  z.enum(values, `one of ${values.join(', ')}`).optional();
export const callback = <T>() =>
  z.custom<(value: T) => void>((value) => typeof value === 'function', 'a function').optional();
export const signal = z.instanceof(AbortSignal, { error: 'an AbortSignal' }).optional();
export const preset = z.union([z.string(), z.literal(false)], 'the name of a preset, or false').optional();
/** A strategy; lib/extend checks its contents. */
export const extend = z.custom<string | Extend>(
  (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  'a spec string such as "pcw:4k", or an object with a method',
);

/** An object that takes no other keys. */
export const object = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `use ${Object.keys(shape).join(', ')}` : 'an object',
  });

/** @throws LongEmbedError ERR_INVALID_OPTION that names the option, what was given and what is allowed */
export function checkOptions<T>(schema: z.ZodType<T>, given: unknown = {}): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    issue === undefined ? 'The options are not valid.' : sentence(issue, given),
  );
}

function sentence({ path, message, ...issue }: z.core.$ZodIssue, given: unknown): string {
  const name = (...more: PropertyKey[]): string => [...path, ...more].map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    return `The option ${issue.keys.map((key) => name(key)).join(', ')} is not known: ${message}.`;
  }
  const value = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown>)[key], given);
  const what = path.length === 0 ? 'The options argument' : `The option ${name()}`;
  return `${what} is ${display(value)}: it must be ${message}.`;
}
