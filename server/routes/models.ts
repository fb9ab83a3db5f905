import { z } from 'zod';
import { json } from '../http/answer.js';
import type { ServedModel } from '../models/served-model.js';
import { route, servedModel } from './route.js';

const model = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
  max_model_len: z.int().describe('The longest text in tokens, prompt and special tokens included'),
  dimensions: z.int(),
  native_context: z.int(),
  extend: z.string().describe('The strategy of requests that name none'),
});

/** Seconds since 1970: when this process began to offer models. */
const CREATED = Math.floor(Date.now() / 1000);

function describe({ id, info, extend, maxTokens }: ServedModel): z.output<typeof model> {
  return {
    id,
    object: 'model',
    created: CREATED,
    owned_by: 'longembed',
    max_model_len: maxTokens,
    dimensions: info.dimensions,
    native_context: info.nativeContext,
    extend: extend.spec,
  };
}

export const models = route({
  method: 'get',
  path: '/v1/models',
  summary: 'The models that the server offers',
  flavour: 'openai',
  body: null,
  answer: z.object({ object: z.literal('list'), data: z.array(model) }),
  handle: ({ exchange }) => json({ object: 'list', data: exchange.services.pool.models.map(describe) }),
});

export const oneModel = route({
  method: 'get',
  path: '/v1/models/{id}',
  summary: 'One of them',
  flavour: 'openai',
  body: null,
  answer: model,
  handle: ({ exchange, parameters }) => json(describe(servedModel(parameters['id'], exchange))),
});
