/** What the server says of itself. */
import { z } from 'zod';
import { packageVersion } from '../../lib/package.js';
import { json } from '../http/answer.js';
import { route, servedModel } from './route.js';

const status = z.object({ status: z.literal('ok') });

/** The process runs and takes requests; 503 while it ends. */
export const health = route({
  method: 'get',
  path: '/health',
  summary: 'Whether the server takes requests',
  flavour: 'openai',
  open: true,
  body: null,
  answer: status,
  handle: () => json({ status: 'ok' }),
});

export const ready = route({
  ...health,
  path: '/health/ready',
  body: null,
  handle: () => json({ status: 'ok' }),
});

/** The process runs, also while it ends: an orchestrator must not kill it for that. */
export const live = route({
  ...health,
  path: '/health/live',
  summary: 'Whether the process runs',
  always: true,
  body: null,
  handle: () => json({ status: 'ok' }),
});

export const metrics = route({
  method: 'get',
  path: '/metrics',
  summary: 'Figures for Prometheus',
  flavour: 'openai',
  always: true,
  body: null,
  answer: 'text/plain',
  handle: async ({ exchange: { services } }) =>
    new Response(await services.metrics.text(), {
      headers: { 'content-type': services.metrics.contentType },
    }),
});

const info = z.object({
  model_id: z.string(),
  model_dtype: z.string(),
  model_type: z.object({ embedding: z.object({ pooling: z.string() }) }),
  max_input_length: z.int(),
  max_batch_tokens: z.int(),
  max_client_batch_size: z.int(),
  auto_truncate: z.boolean(),
  version: z.string(),
  extend: z.string(),
  dimensions: z.int(),
});

/** Of the first model. */
export const teiInfo = route({
  method: 'get',
  path: '/info',
  summary: 'The first model (as in the API of text-embeddings-inference)',
  flavour: 'tei',
  body: null,
  answer: info,
  handle({ exchange }) {
    const { info: model, id, extend, maxTokens } = servedModel(null, exchange, true);
    const { maxInputs, admission } = exchange.services;
    return json({
      model_id: id,
      model_dtype: model.quantization,
      model_type: { embedding: { pooling: model.pooling ?? 'none' } },
      max_input_length: maxTokens,
      max_batch_tokens: admission.maxTokens,
      max_client_batch_size: maxInputs,
      auto_truncate: false,
      version: packageVersion(),
      extend: extend.spec,
      dimensions: model.dimensions,
    } satisfies z.output<typeof info>);
  },
});
