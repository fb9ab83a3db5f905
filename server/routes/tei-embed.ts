import { z } from 'zod';
import { ApiError } from '../api-error.js';
import { embedInputs, type EmbeddedInput } from '../embed.js';
import { cutHeader, jsonAnswer, vectorJson } from '../http/answer.js';
import { fields, optional, settingsOf } from '../settings.js';
import { inputOrNoneSchema, inputsOf, isNone } from './input.js';
import { route, servedModel } from './route.js';

const body = z.object(
  {
    inputs: inputOrNoneSchema,
    model: optional(z.string('the name of a model').describe('Default: the first')),
    truncate: optional(
      z.boolean('true or false').describe('Cut texts that are too long; default: they are errors'),
    ),
    truncation_direction: optional(
      z.enum(['Right', 'right'], 'Right: texts are cut at their end').describe('Texts are cut at their end'),
    ),
    prompt_name: fields.prompt_name,
    normalize: fields.normalize,
    dimensions: fields.dimensions,
    extend: fields.extend,
  },
  'an object with inputs',
);

/** The endpoint of text-embeddings-inference. */
export const teiEmbed = route({
  method: 'post',
  path: '/embed',
  summary: 'Embeddings (as in the API of text-embeddings-inference)',
  flavour: 'tei',
  body,
  answer: z.array(z.array(z.number())),
  async handle(call) {
    const { exchange } = call;
    if (isNone(call.body.inputs)) {
      throw new ApiError(400, 'The field inputs is an empty array: there is nothing to embed.', {
        code: 'ERR_INPUT_EMPTY',
        param: 'inputs',
      });
    }
    const served = servedModel(call.body.model, exchange, true);
    const settings = settingsOf(call.body, served, exchange.services.policy);
    const inputs = inputsOf(call.body.inputs, call, 'inputs');
    const results = await embedInputs(exchange, served, inputs, settings);
    return jsonAnswer(vectorsJson(results), cutHeader(results));
  },
});

/** The same at the address itself, where Hugging Face's clients send what they send to a server of one model. */
export const teiRoot = route({ ...teiEmbed, path: '/', body });

/** An array of vectors, one a piece. */
export function* vectorsJson(results: readonly Pick<EmbeddedInput, 'embedding'>[]): Generator<string> {
  yield '[';
  for (const [index, { embedding }] of results.entries()) {
    yield `${index === 0 ? '' : ','}${vectorJson(embedding, 'float')}`;
  }
  yield ']';
}
