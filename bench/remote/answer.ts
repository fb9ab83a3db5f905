/** What a server answers to a request for embeddings, checked. */
import { z } from 'zod';
import { LongEmbedError } from '../../lib/error.js';

const answerSchema = z.object({
  data: z.array(z.object({ index: z.int().optional(), embedding: z.unknown() })),
  usage: z
    .object({ prompt_tokens: z.int().min(0).optional(), total_tokens: z.int().min(0).optional() })
    .nullish(),
});

export interface Answer {
  /** One vector per text, in the texts' order. */
  readonly vectors: readonly Float32Array[];
  /** Tokens of all texts as the server counted them; null: it does not say. */
  readonly tokens: number | null;
}

/**
 * Reads an answer and checks every vector.
 * @param dimensions numbers per vector; null: not known yet, but equal in all
 * @param server address, for messages
 * @throws LongEmbedError ERR_BACKEND that says what is wrong
 */
export function readAnswer(text: string, texts: number, dimensions: number | null, server: string): Answer {
  const wrong = (what: string): LongEmbedError =>
    new LongEmbedError(
      'ERR_BACKEND',
      `The server ${server} gave an answer that cannot be used: ${what}. Check that the base URL is that of an API like OpenAI's.`,
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong('it is not JSON');
  }
  const checked = answerSchema.safeParse(json);
  if (!checked.success) throw wrong('it has no list of embeddings');
  const { data, usage } = checked.data;
  if (data.length !== texts) throw wrong(`it has ${data.length} embeddings for ${texts} texts`);
  const vectors = new Array<Float32Array | undefined>(texts).fill(undefined);
  let expected = dimensions;
  for (const [place, { index = place, embedding }] of data.entries()) {
    if (index < 0 || index >= texts) throw wrong(`an embedding has the index ${index}, of ${texts} texts`);
    if (vectors[index] !== undefined) throw wrong(`two embeddings have the index ${index}`);
    const vector = readVector(embedding);
    if (typeof vector === 'string') throw wrong(`embedding ${index} ${vector}`);
    expected ??= vector.length;
    if (vector.length !== expected) {
      throw wrong(`embedding ${index} has ${vector.length} numbers instead of ${expected}`);
    }
    vectors[index] = vector;
  }
  return {
    vectors: vectors.filter((vector) => vector !== undefined),
    tokens: usage?.prompt_tokens ?? usage?.total_tokens ?? null,
  };
}

/** @returns the vector, or what is wrong with it */
function readVector(embedding: unknown): Float32Array | string {
  if (!Array.isArray(embedding)) return 'is not a list of numbers';
  if (embedding.length === 0) return 'is empty';
  const numbers: readonly unknown[] = embedding;
  if (!numbers.every((number) => typeof number === 'number')) return 'has something that is not a number';
  const vector = Float32Array.from(numbers);
  if (!vector.every(Number.isFinite)) return 'has a number that is not finite';
  if (vector.every((number) => number === 0)) return 'has only zeros';
  return vector;
}

const errorSchema = z.object({
  error: z.union([
    z.string(),
    z.object({ message: z.string().optional(), code: z.union([z.string(), z.number()]).nullish() }),
  ]),
});

/** Why a server refused a request: its own words, on one line. */
export interface Refusal {
  readonly message: string;
  readonly code: string;
}

/** Reads the body of an answer whose status is an error's. */
export function readRefusal(text: string): Refusal {
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {
    // A proxy's page, perhaps: its first words are shown.
  }
  const checked = errorSchema.safeParse(json);
  const error = checked.success ? checked.data.error : text;
  if (typeof error === 'string') return { message: oneLine(error), code: '' };
  return { message: oneLine(error.message ?? ''), code: String(error.code ?? '') };
}

const MAX_MESSAGE_CHARACTERS = 300;

function oneLine(text: string): string {
  return text
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, MAX_MESSAGE_CHARACTERS)
    .toWellFormed();
}

/**
 * Whether a refusal means that the texts are too long or too many, and if so, how many tokens the server counted.
 * @returns null: it means something else
 */
export function tooLong(status: number, { message, code }: Refusal): { tokens: number | null } | null {
  const says =
    status === 413 ||
    (status === 400 || status === 422
      ? code === 'context_length_exceeded' ||
        /context length|too long|too many tokens|max\w* .{0,40}tokens|must have less than \d+ tokens/i.test(
          message,
        )
      : false);
  if (!says) return null;
  const counted = /(?:given:|requested|contains?|got|has) (\d[\d,]*)/i.exec(message);
  return { tokens: counted === null ? null : Number(counted[1]?.replaceAll(',', '')) };
}
