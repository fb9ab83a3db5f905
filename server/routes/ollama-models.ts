/** What Ollama's clients ask before they embed: which models there are, what one is, and who answers. */
import { z } from 'zod';
import { packageVersion } from '../../lib/package.js';
import { json } from '../http/answer.js';
import type { ServedModel } from '../models/served-model.js';
import { ollamaModel, taggedName } from './ollama-model.js';
import { route } from './route.js';

const details = z.object({
  format: z.literal('gguf'),
  family: z.string(),
  families: z.array(z.string()),
  parameter_size: z.string(),
  quantization_level: z.string(),
});

function detailsOf({ info }: ServedModel): z.output<typeof details> {
  return {
    format: 'gguf',
    family: info.architecture,
    families: [info.architecture],
    parameter_size: `${(info.parameters / 1e6).toFixed(1)}M`,
    quantization_level: info.quantization,
  };
}

export const ollamaTags = route({
  method: 'get',
  path: '/api/tags',
  summary: 'The models that the server offers (as in the API of Ollama)',
  flavour: 'ollama',
  body: null,
  answer: z.object({
    models: z.array(z.object({ name: z.string(), model: z.string(), size: z.int(), details })),
  }),
  handle: ({ exchange }) =>
    json({
      models: exchange.services.pool.models.map((served) => {
        const name = taggedName(served.id);
        return { name, model: name, size: served.info.sizeBytes, details: detailsOf(served) };
      }),
    }),
});

export const ollamaShow = route({
  method: 'post',
  path: '/api/show',
  summary: 'One of them (as in the API of Ollama)',
  flavour: 'ollama',
  body: z.object({ model: z.string('the name of a model') }, 'an object with model'),
  answer: z.object({
    details,
    model_info: z.record(z.string(), z.union([z.string(), z.int()])),
    capabilities: z.array(z.literal('embedding')),
  }),
  handle({ body: { model }, exchange }) {
    const served = ollamaModel(model, exchange);
    const { architecture, parameters, layers, dimensions } = served.info;
    return json({
      details: detailsOf(served),
      model_info: {
        'general.architecture': architecture,
        'general.parameter_count': parameters,
        [`${architecture}.block_count`]: layers,
        [`${architecture}.embedding_length`]: dimensions,
        // with the server's strategy: what a text may have
        [`${architecture}.context_length`]: served.maxTokens,
      },
      capabilities: ['embedding'],
    });
  },
});

export const ollamaVersion = route({
  method: 'get',
  path: '/api/version',
  summary: 'The version of longembed (as in the API of Ollama)',
  flavour: 'ollama',
  body: null,
  answer: z.object({ version: z.string() }),
  handle: () => json({ version: packageVersion() }),
});
