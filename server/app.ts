/** Requests in, answers out: what happens around every route. */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { ApiError, CLIENT_GONE, shuttingDown, toApiError } from './api-error.js';
import { Exchange, type Services } from './exchange.js';
import { errorAnswer } from './http/answer.js';
import { readJson } from './http/body.js';
import { BodyBudget } from './http/body-budget.js';
import type { Keys } from './http/keys.js';
import type { RequestRecord } from './options.js';
import { flavourOf, ROUTES } from './routes/index.js';
import type { Route } from './routes/route.js';

/** The server, as far as its requests see it. */
export interface Host {
  readonly services: Services;
  readonly keys: Keys;
  /** Requests that are being answered. */
  readonly open: Set<Exchange>;
  /** Whether new requests are refused. */
  readonly isEnding: () => boolean;
  readonly onRequest: (record: RequestRecord) => void;
  /** Called with failures that are none of the client's. */
  readonly onFailure: (error: unknown, exchange: Exchange) => void;
}

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

/** The routes as a Hono application. */
export function createApp(host: Host): Hono {
  const app = new Hono();
  const budget = new BodyBudget(host.services.bodyLimits.bytes);
  for (const [path, routes] of byPath()) {
    for (const one of routes) {
      app.on(one.method.toUpperCase(), honoPath(path), (c) =>
        exchange(host, c, one, (exchange) => call(one, c, exchange, budget)),
      );
    }
    const methods = routes.map(({ method }) => (method === 'get' ? 'GET, HEAD' : 'POST')).join(', ');
    app.all(honoPath(path), async (c) => {
      const response = await exchange(host, c, null, () => Promise.reject(methodNotAllowed(methods)));
      if (response.status === 405) response.headers.set('allow', methods);
      return response;
    });
  }
  app.notFound((c) => exchange(host, c, null, () => Promise.reject(notFound())));
  return app;
}

function byPath(): Map<string, Route[]> {
  const paths = new Map<string, Route[]>();
  for (const one of ROUTES) paths.set(one.path, [...(paths.get(one.path) ?? []), one]);
  return paths;
}

/** Models' names may have slashes. */
function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1{.+}');
}

/** Answers a request, whatever happens, and tells of it. */
async function exchange(
  { services, keys, open, isEnding, onRequest, onFailure }: Host,
  c: Context,
  route: Route | null,
  answer: (exchange: Exchange) => Promise<Response>,
): Promise<Response> {
  const exchange = new Exchange(requestId(c.req.header('x-request-id')), services);
  open.add(exchange);
  const { signal } = c.req.raw;
  const hangUp = (): void => exchange.abort(signal.reason);
  signal.addEventListener('abort', hangUp, { once: true });
  let response: Response;
  let code: string | null = null;
  try {
    if (isEnding() && route?.always !== true) throw shuttingDown();
    if (route?.open !== true) keys.check(c.req.header('authorization'));
    response = await answer(exchange);
  } catch (thrown) {
    const error = toApiError(thrown);
    code = error.code;
    if (error.status >= 500) onFailure(error.cause ?? error, exchange);
    response = errorAnswer(error, route?.flavour ?? flavourOf(c.req.path));
    if (error.status === 401) response.headers.set('www-authenticate', 'Bearer');
  } finally {
    signal.removeEventListener('abort', hangUp);
    open.delete(exchange);
  }
  for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
  response.headers.set('x-request-id', exchange.id);
  if (isEnding()) response.headers.set('connection', 'close');
  tell(exchange, c.req.method, route, signal.aborted ? CLIENT_GONE : response.status, code, onRequest);
  return response;
}

function tell(
  { id, started, model, inputs, tokens, services: { metrics } }: Exchange,
  method: string,
  route: Route | null,
  status: number,
  code: string | null,
  onRequest: Host['onRequest'],
): void {
  const milliseconds = performance.now() - started;
  const endpoint = route?.path ?? 'unknown';
  metrics.answered(endpoint, status, code ?? '', milliseconds / 1000);
  if (code === null && tokens > 0) metrics.embedded(inputs, tokens);
  onRequest({ id, method, endpoint, status, code, model, inputs, tokens, milliseconds });
}

/** Reads the body, and hands it to the route. */
async function call(route: Route, c: Context, exchange: Exchange, budget: BodyBudget): Promise<Response> {
  const { bodyLimits } = exchange.services;
  const parameters = c.req.param();
  const query = new URL(c.req.url).searchParams;
  if (route.body === null) return route.handle({ body: null, exchange, parameters, query });
  const place = budget.open();
  try {
    const body = await readJson(c.req.raw, route.body, bodyLimits, place);
    return await route.handle({ body, exchange, parameters, query });
  } finally {
    place.giveBack();
  }
}

/** A client's own id, if a log can show it; else a new one. */
function requestId(given: string | undefined): string {
  return given !== undefined && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID();
}

function notFound(): ApiError {
  return new ApiError(404, 'There is no such endpoint: GET /openapi.json lists them.', { code: 'not_found' });
}

function methodNotAllowed(allowed: string): ApiError {
  return new ApiError(405, `This endpoint takes ${allowed}.`, { code: 'method_not_allowed' });
}
