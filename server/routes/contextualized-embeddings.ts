import { z } from 'zod';
import type { ChunkRule } from '../../lib/index.js';
import { ApiError } from '../api-error.js';
import { checkChunks, type ChunkedInput } from '../documents.js';
import { embedChunks, type EmbeddedChunks } from '../embed.js';
import { type Encoding, jsonAnswer, vectorJson } from '../http/answer.js';
import { fields, isAbsent, optional, settingsOf } from '../settings.js';
import { numberFormat } from './number-format.js';
import { checkCount, route, servedModel } from './route.js';

/** Tokens of a chunk where the request asks for chunks and names no size. */
const CHUNK_TOKENS = 256;

const documents = z
  .array(
    z
      .array(
        z.string('a string').meta({ pattern: String.raw`\S` }),
        'an array of strings, the chunks of a document',
      )
      .min(1, 'at least one string'),
    'an array of documents, each an array of its chunks',
  )
  .min(1, 'at least one document');
const count = (min: number) => {
  const allowed = `a whole number from ${min}`;
  return optional(z.int(allowed).min(min, allowed));
};

const body = z.object(
  {
    inputs: optional(documents.describe('Documents, each an array of its chunks')),
    input: optional(documents.describe('Another name of inputs')),
    model: optional(z.string('the name of a model')),
    encoding_format: optional(z.enum(['float', 'base64'], 'float or base64')),
    ...numberFormat,
    output_dimension: fields.dimensions,
    dimensions: fields.dimensions,
    input_type: fields.input_type,
    prompt: fields.prompt,
    extend: fields.extend,
    normalize: fields.normalize,
    enable_auto_chunk: optional(
      z.boolean('true or false').describe('Every document is one string, which the server cuts into chunks'),
    ),
    chunk_size: count(1),
    chunk_overlap: count(0),
  },
  'an object with inputs and model',
);

const answer = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('list'),
      index: z.int(),
      data: z.array(
        z.object({
          object: z.literal('embedding'),
          index: z.int(),
          embedding: z.union([z.array(z.number()), z.string()]),
          text: z.string().optional(),
        }),
      ),
    }),
  ),
  model: z.string(),
  usage: z.object({ total_tokens: z.int() }),
});

/** Vectors of chunks that were read with their whole document in view: the form of Voyage's and Perplexity's endpoints. */
export const contextualizedEmbeddings = route({
  method: 'post',
  path: '/v1/contextualizedembeddings',
  summary: 'Embeddings of the chunks of documents, each chunk read in its document',
  flavour: 'openai',
  body,
  answer,
  async handle({ body: given, exchange }) {
    const served = servedModel(given.model, exchange);
    const settings = settingsOf(
      { ...given, dimensions: given.dimensions ?? given.output_dimension },
      served,
      exchange.services.policy,
    );
    if (!isAbsent(given.inputs) && !isAbsent(given.input)) {
      throw invalid('input', 'The request has inputs and input, which mean the same: give one of them.');
    }
    const inputs = given.inputs ?? given.input;
    if (isAbsent(inputs))
      throw invalid('inputs', 'The field inputs is missing: it must be an array of documents.');
    checkCount(inputs.length, exchange, 'inputs');
    const chunks = inputs.reduce((sum, document) => sum + document.length, 0);
    checkChunks(chunks, 'inputs');
    exchange.inputs = chunks;
    const rule = given.enable_auto_chunk === true ? ruleOf(given.chunk_size, given.chunk_overlap) : undefined;
    const asked = inputs.map((document, index) => chunked(document, index, rule !== undefined));
    const results = await embedChunks(exchange, served, asked, rule, settings);
    const texts = rule === undefined ? null : inputs.map(([text = '']) => text);
    return jsonAnswer(listJson(results, given.encoding_format ?? 'float', served.id, texts));
  },
});

function ruleOf(size: number | null | undefined, overlap: number | null | undefined): ChunkRule {
  const rule = { by: 'tokens', size: size ?? CHUNK_TOKENS, overlap: overlap ?? 0 } as const;
  if (rule.overlap < rule.size) return rule;
  throw invalid(
    'chunk_overlap',
    `The field chunk_overlap is ${rule.overlap}: it must be less than chunk_size, ${rule.size}.`,
  );
}

function chunked(document: readonly string[], index: number, isWhole: boolean): ChunkedInput {
  if (!isWhole) return { document: { chunks: document }, texts: document };
  const [text = '', ...more] = document;
  if (more.length === 0) return { document: { text }, texts: document };
  throw invalid(
    'inputs',
    `Document ${index} has ${document.length} chunks: with enable_auto_chunk it must be one string.`,
  );
}

/** @param texts of the documents that were cut here: their chunks' texts are in the answer */
function* listJson(
  results: readonly EmbeddedChunks[],
  encoding: Encoding,
  model: string,
  texts: readonly string[] | null,
): Generator<string> {
  yield '{"object":"list","data":[';
  for (const [d, { chunks }] of results.entries()) {
    yield `${d === 0 ? '' : ','}{"object":"list","index":${d},"data":[`;
    for (const [c, { embedding, start, end }] of chunks.entries()) {
      const text = texts === null ? '' : `,"text":${JSON.stringify(texts[d]?.slice(start, end))}`;
      yield `${c === 0 ? '' : ','}{"object":"embedding","index":${c},"embedding":${vectorJson(embedding, encoding)}${text}}`;
    }
    yield ']}';
  }
  const tokens = results.reduce((sum, result) => sum + result.tokens, 0);
  yield `],"model":${JSON.stringify(model)},"usage":{"total_tokens":${tokens}}}`;
}

function invalid(param: string, message: string): ApiError {
  return new ApiError(400, message, { code: 'invalid_value', param });
}
