/** The inputs of requests: texts or token ids, one or many. */
import { z } from 'zod';
import { display } from '../../lib/error.js';
import type { Input } from '../inputs.js';
import type { Call } from './route.js';
import { checkCount } from './route.js';

/** A text that is embedded must have more than white space. */
const TEXT = { type: 'string', pattern: String.raw`\S` };
const TEXTS = { anyOf: [TEXT, { type: 'array', items: TEXT, minItems: 1 }] };
const IDS = { type: 'array', items: { type: 'integer', minimum: 0 }, minItems: 1 };

const allowed = 'a string, an array of strings, an array of token ids, or an array of such arrays';

type Inputs = string | readonly string[] | readonly number[] | readonly (readonly number[])[];

const INPUT = {
  anyOf: [...TEXTS.anyOf, IDS, { type: 'array', items: IDS, minItems: 1 }],
  description: 'Texts; or content token ids of the model, as /tokenize gives them',
};

/** Checked by hand: a schema of millions of token ids would block the thread for seconds. */
export const inputSchema = z.custom<Inputs>(isInput, saying(allowed)).meta(INPUT);

/** The same or an empty array, for routes whose API has an answer of its own to that. */
export const inputOrNoneSchema = z
  .custom<Inputs>((value) => isNone(value) || isInput(value), saying(allowed))
  .meta(INPUT);

/** What chat clients send: taking it for a text would be wrong. */
export const messages = z
  .null('left out: this endpoint takes input. In mteb set use_chat_template=False')
  .optional()
  .describe('Not supported');

const allowedTexts = 'a string or an array of strings';

/** Texts alone. */
export const textsSchema = z.custom<string | readonly string[]>(isTexts, saying(allowedTexts)).meta(TEXTS);

/** The same or none, where that asks for nothing but the model. */
export const textsOrNoneSchema = z
  .custom<string | readonly string[]>((value) => isNone(value) || isTexts(value), saying(allowedTexts))
  .meta({ anyOf: [{ type: 'string' }, { type: 'array', items: TEXT }] });

/** The same where nothing is embedded: a text may be empty. */
export const anyTextsSchema = textsSchema.meta({
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
});

/** A message that also names the item to blame, which may be one of thousands. */
function saying(allowed: string): { error: (issue: { input?: unknown }) => string } {
  return {
    error({ input }) {
      const at = Array.isArray(input) ? firstOdd(input) : -1;
      return at < 0 ? allowed : `${allowed}; item ${at} is ${display((input as unknown[])[at])}`;
    },
  };
}

/** The first item that is not of the kind of the first; -1: none. */
function firstOdd(items: readonly unknown[]): number {
  const is = [isText, isId, isIds].find((one) => one(items[0]));
  return items.findIndex((item) => is?.(item) !== true);
}

function isInput(value: unknown): boolean {
  return isTexts(value) || isIds(value) || isArrayOf(value, isIds);
}

function isTexts(value: unknown): boolean {
  return isText(value) || isArrayOf(value, isText);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

/** Whether it is an empty array. */
export function isNone(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isIds(value: unknown): boolean {
  return isArrayOf(value, isId);
}

function isId(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
}

function isArrayOf(value: unknown, is: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(is);
}

/** The inputs as a list. @throws ApiError 400 for too many */
export function inputsOf(
  given: z.output<typeof inputSchema>,
  { exchange }: Pick<Call<unknown>, 'exchange'>,
  param = 'input',
): Input[] {
  const inputs =
    typeof given === 'string' || typeof given[0] === 'number' ? [given as Input] : (given as Input[]);
  checkCount(inputs.length, exchange, param);
  exchange.inputs = inputs.length;
  return inputs;
}
