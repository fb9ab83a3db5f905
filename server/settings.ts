/** What a request asks for, beside its inputs: the fields that the routes share, and the options of the library that they mean. */
import { z } from 'zod';
import { METHODS, resolveExtend, type ResolvedExtend } from '../lib/extend/index.js';
import { ApiError, toApiError } from './api-error.js';
import type { ServedModel } from './models/served-model.js';

/** Names of a kind of text, as clients of other servers write them. */
const KINDS = {
  query: 'query',
  search_query: 'query',
  document: 'document',
  passage: 'document',
  search_document: 'document',
  raw: 'raw',
} as const;

type Kind = 'query' | 'document' | 'raw';
const kindNames = Object.keys(KINDS) as (keyof typeof KINDS)[];

/** Which texts a server takes for queries and documents, and which strategies it allows. */
export interface Policy {
  /** The kind of texts that requests do not name. */
  readonly as: Kind;
  /** Spec strings that requests may name; null: all. */
  readonly allowExtend: readonly string[] | null;
}

/** An optional field: many clients write null for what they leave out. */
export const optional = <T extends z.ZodType>(schema: T) => schema.nullish();

/** Whether such a field is left out. */
export const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;

export const fields = {
  extend: optional(
    z
      .string('a strategy such as "pcw:4k"')
      .max(200, 'a strategy such as "pcw:4k"')
      .meta({ pattern: `^(${METHODS.join('|')})` })
      .describe(
        "Strategy beyond the model's native context, method[:target][,key=value]…; default: the server's",
      ),
  ),
  input_type: optional(
    z
      .enum(kindNames, `one of ${kindNames.join(', ')}`)
      .describe("Which of the model's prompts goes before the texts"),
  ),
  prompt_name: optional(
    z.enum(['query', 'document'], 'query or document').describe('The same as input_type'),
  ),
  prompt: optional(
    z
      .string('a string')
      .max(20_000, 'at most 20000 characters')
      .refine((text) => text.isWellFormed(), 'well-formed Unicode: it has half of a surrogate pair')
      .describe("A prompt of one's own"),
  ),
  truncate: optional(
    z
      .union([z.boolean(), z.enum(['NONE', 'END'])], 'true, false, "NONE" or "END"')
      .describe('Cut texts that are too long at their end; default: they are errors'),
  ),
  truncate_prompt_tokens: optional(
    z
      .int('-1 or a whole number from 1')
      .min(-1, '-1 or a whole number from 1')
      .refine((value) => value !== 0, '-1 or a whole number from 1')
      .describe(
        'Cut texts to so many tokens, prompt and special tokens included; -1: to what the model takes',
      ),
  ),
  normalize: optional(z.boolean('true or false').describe('Scale vectors to length 1; default: true')),
  dimensions: optional(
    z
      .int('a whole number from 1')
      .min(1, 'a whole number from 1')
      .describe('Keep only the first numbers of each vector'),
  ),
};

/** The values of those fields. */
export type Fields = { [Key in keyof typeof fields]?: z.output<(typeof fields)[Key]> };

/** How a request's texts are embedded. */
export interface Settings {
  readonly extend: ResolvedExtend;
  readonly prompt: string;
  readonly normalize: boolean;
  readonly dimensions: number | undefined;
  readonly truncate: boolean;
  /** The longest text, prompt and special tokens included. */
  readonly limit: number;
}

/** @throws ApiError 400 that names the field */
export function settingsOf(given: Fields, { info, extend, cap }: ServedModel, policy: Policy): Settings {
  const strategy = isAbsent(given.extend) ? extend : readExtend(given.extend, info, extend, policy);
  const most = Math.min(strategy.limit, cap);
  const cut = given.truncate_prompt_tokens ?? undefined;
  const asked = given.dimensions ?? undefined;
  if (asked !== undefined && asked > info.dimensions) {
    throw invalid('dimensions', `dimensions is ${asked}: this model has ${info.dimensions}.`);
  }
  return {
    extend: strategy,
    prompt: given.prompt ?? promptOf(given, info.prompts, policy),
    normalize: given.normalize ?? true,
    dimensions: asked,
    truncate: given.truncate === true || given.truncate === 'END' || cut !== undefined,
    limit: cut === undefined || cut === -1 ? most : Math.min(most, cut),
  };
}

function readExtend(
  spec: string,
  info: ServedModel['info'],
  own: ResolvedExtend,
  { allowExtend }: Policy,
): ResolvedExtend {
  let strategy: ResolvedExtend;
  try {
    strategy = resolveExtend(spec, info);
  } catch (error) {
    const { message, code } = toApiError(error);
    throw new ApiError(400, message, { code, param: 'extend', cause: error });
  }
  const allowed = [own.spec, ...(allowExtend ?? [])];
  if (allowExtend === null || allowed.includes(strategy.spec)) return strategy;
  throw invalid(
    'extend',
    `This server does not allow extend ${strategy.spec}: it allows ${allowed.join('; ')}.`,
  );
}

function promptOf(
  { input_type, prompt_name }: Fields,
  prompts: ServedModel['info']['prompts'],
  policy: Policy,
): string {
  const kinds = [input_type, prompt_name].flatMap((name) => (isAbsent(name) ? [] : [KINDS[name]]));
  const [kind = policy.as, other = kind] = kinds;
  if (kind !== other) {
    throw invalid('prompt_name', `input_type means a ${kind}, prompt_name a ${other}: give one of them.`);
  }
  return kind === 'raw' ? '' : prompts[kind];
}

function invalid(param: string, message: string): ApiError {
  return new ApiError(400, message, { code: 'ERR_INVALID_OPTION', param });
}
