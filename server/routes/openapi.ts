import { z } from 'zod';
import { omit } from '../../lib/omit.js';
import { packageVersion } from '../../lib/package.js';
import { json, type Flavour } from '../http/answer.js';
import { type Route, route } from './route.js';

type Json = Record<string, unknown>;

/** OpenAPI 3.1 takes JSON Schema as it is. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  return omit(z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json, '$schema');
}

const ERRORS: Record<Flavour, Json> = {
  openai: schemaOf(
    z.object({
      error: z.object({
        message: z.string(),
        type: z.string(),
        param: z.string().nullable(),
        code: z.string().nullable(),
      }),
    }),
    'output',
  ),
  tei: schemaOf(z.object({ error: z.string(), error_type: z.string() }), 'output'),
  ollama: schemaOf(z.object({ error: z.string() }), 'output'),
};

/** The errors of a route with a body, and of one without. */
const STATUSES = {
  post: {
    400: 'The request is wrong',
    401: 'The API key is missing or wrong',
    404: 'There is no such model',
    413: 'The request is too large',
    415: 'The body is not JSON',
    422: 'An input has no usable vector; the request is wrong (text-embeddings-inference)',
    424: 'The engine failed (text-embeddings-inference)',
    429: 'The queue is full: retry-after says how long to wait',
    500: 'The engine failed',
    503: 'The model cannot be used, or the server ends',
  },
  get: {
    400: 'The request is wrong',
    401: 'The API key is missing or wrong',
    404: 'There is no such model',
    503: 'The server ends',
  },
};

/** The document of all routes. */
export function openApiDocument(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const one of routes) (paths[one.path] ??= {})[one.method] = operation(one);
  return {
    openapi: '3.1.0',
    info: {
      title: 'longembed',
      version: packageVersion(),
      description: 'Embeddings of long documents with short-context models.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    paths,
    components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
  };
}

function operation({ method, path, summary, body, answer, query = {}, open, flavour }: Route): Json {
  const content =
    typeof answer === 'string'
      ? { [answer]: { schema: { type: 'string' } } }
      : { 'application/json': { schema: schemaOf(answer, 'output') } };
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true })),
    ...Object.entries(query).map(([name, description]) => ({ name, in: 'query', description })),
  ].map((parameter) => ({ ...parameter, schema: { type: 'string' } }));
  const error = { 'application/json': { schema: ERRORS[flavour] } };
  return {
    summary,
    operationId: `${method}${path.replaceAll(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    ...(parameters.length === 0 ? {} : { parameters }),
    security: open === true ? [] : [{ key: [] }, {}],
    ...(body === null
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: {
      200: { description: 'Done', content },
      ...Object.fromEntries(
        Object.entries(STATUSES[method]).map(([status, description]) => [
          status,
          { description, content: error },
        ]),
      ),
    },
  };
}

/** @param routes what the document describes, this route among them */
export function openApi(routes: () => readonly Route[]): Route {
  let document: Json | undefined;
  return route({
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    flavour: 'openai',
    open: true,
    body: null,
    answer: z.looseObject({ openapi: z.string() }),
    handle: () => json((document ??= openApiDocument(routes()))),
  });
}
