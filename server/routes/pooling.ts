import { z } from 'zod';
import { embedChunks } from '../embed.js';
import { jsonAnswer } from '../http/answer.js';
import { fields, optional, settingsOf } from '../settings.js';
import { usage } from './embeddings.js';
import { inputsOf, messages, textsSchema } from './input.js';
import { numberFormat } from './number-format.js';
import { route, servedModel } from './route.js';
import { vectorsJson } from './tei-embed.js';

/** Tokens of a chunk, where the request names none. */
const CHUNK_TOKENS = 256;
const CHUNKS = 'a number of tokens from 1, "sentences" or "paragraphs"';

const body = z.object(
  {
    input: textsSchema,
    model: optional(z.string('the name of a model')),
    chunks: optional(
      z
        .union([z.int().min(1, CHUNKS), z.enum(['sentences', 'paragraphs'])], CHUNKS)
        .describe(
          `What gets a vector: chunks of so many tokens (1: every token), sentences or paragraphs; default: ${CHUNK_TOKENS}`,
        ),
    ),
    messages,
    encoding_format: optional(z.literal('float', 'float')),
    ...numberFormat,
    task: optional(z.string('a string').describe('Not used')),
    truncate_prompt_tokens: optional(
      z
        .int('-1 or a whole number from 1')
        .min(-1, '-1 or a whole number from 1')
        .describe('Not used: no text is cut here'),
    ),
    extend: fields.extend,
    input_type: fields.input_type,
    prompt: fields.prompt,
    normalize: fields.normalize,
    dimensions: fields.dimensions,
  },
  'an object with input and model',
);

const answer = z.object({
  object: z.literal('list'),
  data: z.array(
    z.object({ object: z.literal('pooling'), index: z.int(), data: z.array(z.array(z.number())) }),
  ),
  model: z.string(),
  usage,
});

/** Several vectors for a text, as vLLM's endpoint gives them: MTEB scores them by MaxSim. */
export const pooling = route({
  method: 'post',
  path: '/pooling',
  summary: 'Several vectors for each text, one for each of its chunks',
  flavour: 'openai',
  body,
  answer,
  async handle(call) {
    const { exchange, body: given } = call;
    const served = servedModel(given.model, exchange);
    const settings = settingsOf({ ...given, truncate_prompt_tokens: null }, served, exchange.services.policy);
    const texts = inputsOf(given.input, call) as string[];
    const asked = texts.map((text) => ({ document: { text }, texts: [text] }));
    const results = await embedChunks(exchange, served, asked, given.chunks ?? CHUNK_TOKENS, settings);
    const tokens = results.reduce((sum, result) => sum + result.tokens, 0);
    return jsonAnswer(
      (function* () {
        yield '{"object":"list","data":[';
        for (const [index, { chunks }] of results.entries()) {
          yield `${index === 0 ? '' : ','}{"object":"pooling","index":${index},"data":`;
          yield* vectorsJson(chunks);
          yield '}';
        }
        yield `],"model":${JSON.stringify(served.id)},"usage":{"prompt_tokens":${tokens},"total_tokens":${tokens}}}`;
      })(),
    );
  },
});
