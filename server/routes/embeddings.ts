import { z } from 'zod';
import { omit } from '../../lib/omit.js';
import { embedChunks, embedInputs, type EmbeddedInput } from '../embed.js';
import { cutHeader, type Encoding, jsonAnswer, vectorJson } from '../http/answer.js';
import type { Input } from '../inputs.js';
import { fields, isAbsent, optional, type Settings, settingsOf } from '../settings.js';
import type { ServedModel } from '../models/served-model.js';
import { inputsOf, inputSchema, messages } from './input.js';
import { numberFormat } from './number-format.js';
import { type Call, route, servedModel } from './route.js';

const ours = {
  ...fields,
  late_chunking: optional(
    z
      .boolean('true or false')
      .describe(
        'The inputs are chunks of one document, one after the other: each is read with all of it in view',
      ),
  ),
};

const body = z.object(
  {
    input: inputSchema,
    model: optional(z.string('the name of a model')),
    encoding_format: optional(z.enum(['float', 'base64'], 'float or base64')),
    ...numberFormat,
    user: optional(z.string('a string').describe('Not used')),
    messages,
    truncation_side: optional(z.literal('right', 'right: texts are cut at their end')),
    ...ours,
    longembed: optional(
      z
        .strictObject(ours, { error: () => `an object with ${Object.keys(ours).join(', ')}` })
        .describe('The same fields, for clients that pass on only objects'),
    ),
  },
  'an object with input and model',
);

const vector = z.union([z.array(z.number()), z.string()]);

export const usage = z.object({ prompt_tokens: z.int(), total_tokens: z.int() });

const answer = z.object({
  object: z.literal('list'),
  data: z.array(z.object({ object: z.literal('embedding'), index: z.int(), embedding: vector })),
  model: z.string(),
  usage,
});

/** OpenAI's endpoint. */
export const embeddings = route({
  method: 'post',
  path: '/v1/embeddings',
  summary: 'Embeddings of texts or token ids (as in the API of OpenAI)',
  flavour: 'openai',
  body,
  answer,
  query: { details: '1: each item also has longembed, with tokens, windows, truncated and extend' },
  async handle(call) {
    const { exchange, query } = call;
    const served = servedModel(call.body.model, exchange);
    const asked = { ...omitNull(call.body.longembed ?? {}), ...omitNull(omit(call.body, 'longembed')) };
    const settings = settingsOf(asked, served, exchange.services.policy);
    const inputs = inputsOf(call.body.input, call);
    const results =
      asked.late_chunking === true
        ? await lateChunks(call, served, inputs, settings)
        : await embedInputs(exchange, served, inputs, settings);
    const encoding = call.body.encoding_format ?? 'float';
    const extend = query.get('details') === '1' ? settings.extend.spec : null;
    const tokens = results.reduce((sum, result) => sum + result.tokens, 0);
    return jsonAnswer(listJson(results, encoding, served.id, tokens, extend), cutHeader(results));
  },
});

/** Null means the same as leaving out, also where both places have the field. */
function omitNull<T extends object>(given: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => !isAbsent(value))) as never;
}

/** Chunks of one document: the first result has the tokens of all of it. */
async function lateChunks(
  { exchange }: Pick<Call<unknown>, 'exchange'>,
  served: ServedModel,
  inputs: readonly Input[],
  settings: Settings,
): Promise<EmbeddedInput[]> {
  const [document] = await embedChunks(exchange, served, [joined(inputs)], undefined, settings);
  if (document === undefined) return [];
  const { chunks, tokens, windows } = document;
  return chunks.map(({ embedding }, index) => ({
    embedding,
    tokens: index === 0 ? tokens : 0,
    windows,
    truncated: false,
  }));
}

function joined(inputs: readonly Input[]): Parameters<typeof embedChunks>[2][number] {
  const texts = inputs.filter((input) => typeof input === 'string');
  if (texts.length === inputs.length) return { document: { chunks: texts }, texts };
  const tokens: number[] = [];
  const spans = (inputs as (readonly number[])[]).map((ids): [number, number] => {
    const start = tokens.length;
    for (const id of ids) tokens.push(id);
    return [start, tokens.length];
  });
  return { document: { tokens, spans }, texts: [] };
}

/** The answer, an item a piece. @param extend for the details; null: none are asked for */
function* listJson(
  results: readonly EmbeddedInput[],
  encoding: Encoding,
  model: string,
  tokens: number,
  extend: string | null,
): Generator<string> {
  yield '{"object":"list","data":[';
  for (const [index, { embedding, tokens, windows, truncated }] of results.entries()) {
    const details =
      extend === null ? '' : `,"longembed":${JSON.stringify({ tokens, windows, truncated, extend })}`;
    const separator = index === 0 ? '' : ',';
    yield `${separator}{"object":"embedding","index":${index},"embedding":${vectorJson(embedding, encoding)}${details}}`;
  }
  yield `],"model":${JSON.stringify(model)},"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}}`;
}
