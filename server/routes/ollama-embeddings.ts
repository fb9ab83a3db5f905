import { z } from 'zod';
import { embedInputs } from '../embed.js';
import { cutHeader, json, jsonAnswer, vectorJson } from '../http/answer.js';
import { isAbsent, optional, settingsOf } from '../settings.js';
import { inputsOf } from './input.js';
import { ollamaFields, ollamaModel, ollamaWords } from './ollama-model.js';
import { route } from './route.js';

const body = z.object(
  {
    ...ollamaFields,
    prompt: optional(z.string('a string').describe('The text. None: the model is loaded')),
  },
  'an object with model and prompt',
);

/** Ollama's endpoint before /api/embed: one text, and its vector as the model gives it. */
export const ollamaEmbeddings = route({
  method: 'post',
  path: '/api/embeddings',
  summary: 'The vector of one text, not scaled to length 1 (as in the API of Ollama)',
  flavour: 'ollama',
  body,
  answer: z.object({ embedding: z.array(z.number()) }),
  async handle(call) {
    const { exchange } = call;
    const { prompt: text, model, truncate, extend, input_type } = call.body;
    const served = ollamaModel(model, exchange);
    const asked = { truncate, extend, input_type, normalize: false };
    const settings = settingsOf(asked, served, exchange.services.policy);
    if (isAbsent(text) || text === '') {
      await exchange.withModel(served, () => Promise.resolve());
      return json({ embedding: [] });
    }
    const results = await embedInputs(exchange, served, inputsOf(text, call), settings).catch(
      (error: unknown) => {
        throw ollamaWords(error);
      },
    );
    const vectors = results.map(({ embedding }) => vectorJson(embedding, 'float'));
    return jsonAnswer([`{"embedding":${vectors.join()}}`], cutHeader(results));
  },
});
