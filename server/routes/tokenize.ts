import { z } from 'zod';
import { throwIfAborted } from '../../lib/abort.js';
import { joinTokens } from '../../lib/tokenize/index.js';
import { ApiError } from '../api-error.js';
import { jsonAnswer } from '../http/answer.js';
import { isAbsent, optional } from '../settings.js';
import { anyTextsSchema, inputsOf } from './input.js';
import { route, servedModel } from './route.js';

const body = z.object(
  {
    input: optional(anyTextsSchema),
    prompt: optional(anyTextsSchema.describe('The same as input')),
    content: optional(anyTextsSchema.describe('The same as input')),
    model: optional(z.string('the name of a model')),
    add_special_tokens: optional(
      z
        .boolean('true or false')
        .describe('Add what the model puts around a text; /v1/embeddings adds it by itself'),
    ),
  },
  'an object with input and model',
);

const answer = z.object({
  tokens: z.union([z.array(z.int()), z.array(z.array(z.int()))]).describe('Of the text, or of each text'),
  count: z.int(),
  max_model_len: z.int(),
});

/** Token ids of the model: what /v1/embeddings takes in place of texts. */
export const tokenize = route({
  method: 'post',
  path: '/tokenize',
  summary: 'Token ids of texts',
  flavour: 'openai',
  body,
  answer,
  async handle(call) {
    const { exchange, body: given } = call;
    const served = servedModel(given.model, exchange);
    const [texts, other] = [given.input, given.prompt, given.content].filter((one) => !isAbsent(one));
    if (other !== undefined) {
      throw new ApiError(400, 'The fields input, prompt and content mean the same: give one of them.', {
        code: 'invalid_value',
        param: 'input',
      });
    }
    if (texts === undefined) {
      throw new ApiError(400, 'The field input is missing: it must be a string or an array of strings.', {
        code: 'invalid_value',
        param: 'input',
      });
    }
    const inputs = inputsOf(texts, call) as string[];
    return exchange.withModel(served, async (model) => {
      const { prefix, suffix } = model.info.specialTokens;
      const lists: Int32Array[] = [];
      let count = 0;
      for (const text of inputs) {
        throwIfAborted(exchange.signal);
        const content = await model.tokenize(text);
        const ids = given.add_special_tokens === true ? joinTokens([prefix, content, suffix]) : content;
        count += ids.length;
        lists.push(ids);
      }
      return jsonAnswer(answerJson(lists, typeof texts === 'string', count, served.maxTokens));
    });
  },
});

/** Ids that are written at a time: a text of 30 MB has millions. */
const PIECE_IDS = 32 * 1024;

function* answerJson(
  lists: readonly Int32Array[],
  isOne: boolean,
  count: number,
  maxTokens: number,
): Generator<string> {
  yield `{"tokens":${isOne ? '' : '['}`;
  for (const [index, ids] of lists.entries()) {
    yield index === 0 ? '[' : ',[';
    for (let from = 0; from < ids.length; from += PIECE_IDS) {
      yield `${from === 0 ? '' : ','}${ids.subarray(from, from + PIECE_IDS).join(',')}`;
    }
    yield ']';
  }
  yield `${isOne ? '' : ']'},"count":${count},"max_model_len":${maxTokens}}`;
}
