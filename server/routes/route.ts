import type { z } from 'zod';
import { ApiError } from '../api-error.js';
import type { Exchange } from '../exchange.js';
import type { Flavour } from '../http/answer.js';
import type { ModelPool } from '../models/model-pool.js';
import type { ServedModel } from '../models/served-model.js';
import { isAbsent } from '../settings.js';

/** A request to a route, its body read and checked. */
export interface Call<Body> {
  readonly body: Body;
  readonly exchange: Exchange;
  /** Of the path. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** A route: what it takes and gives, for the check of requests and for the OpenAPI document, and how it answers. */
export interface Route {
  readonly method: 'get' | 'post';
  /** As OpenAPI writes it: parameters in braces; the last may have slashes. */
  readonly path: string;
  readonly summary: string;
  readonly flavour: Flavour;
  /** Answered without a key. */
  readonly open?: boolean;
  /** Answered while the server ends. */
  readonly always?: boolean;
  readonly body: z.ZodType | null;
  /** The answer's schema; a content type: text. */
  readonly answer: z.ZodType | string;
  readonly query?: Readonly<Record<string, string>>;
  readonly handle: (call: Call<unknown>) => Promise<Response> | Response;
}

/** Defines a route; its handler gets what the body's schema gives. */
export function route<Body extends z.ZodType | null>(
  definition: Omit<Route, 'body' | 'handle'> & {
    readonly body: Body;
    readonly handle: (
      call: Call<Body extends z.ZodType ? z.output<Body> : null>,
    ) => Promise<Response> | Response;
  },
): Route {
  return definition as unknown as Route;
}

/**
 * The model that a request names. Without a name it is the only one, or the first for APIs that name none.
 * @throws ApiError 404, 400
 */
export function servedModel(
  name: string | null | undefined,
  exchange: Exchange,
  isNameless = false,
): ServedModel {
  const found = findModel(name, exchange.services.pool, isNameless);
  exchange.model = found.id;
  return found;
}

function findModel(name: string | null | undefined, pool: ModelPool, isNameless: boolean): ServedModel {
  const [first, ...others] = pool.models;
  if (isAbsent(name) || name === '') {
    if (first !== undefined && (others.length === 0 || isNameless)) return first;
    throw new ApiError(400, 'The field model is missing: GET /v1/models lists the models.', {
      code: 'invalid_value',
      param: 'model',
    });
  }
  const found = pool.get(name);
  if (found !== undefined) return found;
  throw new ApiError(
    404,
    `The model ${JSON.stringify(name.slice(0, 100))} does not exist: GET /v1/models lists the models.`,
    {
      code: 'model_not_found',
      param: 'model',
    },
  );
}

/** @throws ApiError 400 for more inputs than the server takes at once */
export function checkCount(count: number, { services: { maxInputs } }: Exchange, param = 'input'): void {
  if (count <= maxInputs) return;
  throw new ApiError(
    400,
    `The request has ${count} inputs: the server takes ${maxInputs} at once. Send them in several requests.`,
    { code: 'array_above_max_length', param },
  );
}
