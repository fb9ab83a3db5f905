/** Options that cannot be used, and callbacks that fail. */
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { createServer } from '../../server/index.js';
import { fakeModel } from './fake-model.js';
import { startServer } from './helpers.js';

const named = (...names: string[]) => Object.fromEntries(names.map((name) => [name, fakeModel()]));

it.each([
  [[], /models is empty/],
  [['a b'], /"a b" cannot be used: take letters/],
  [['2', '1'], /"1" cannot be used beside others: .* Add a letter/],
  [['e5', '0'], /"0" cannot be used beside others/],
  [['__proto__'], /"__proto__" cannot be used/],
  [['e5', '__proto__'], /"__proto__" cannot be used/],
])('%j are refused as names', async (names, message) => {
  const refused = expect(createServer({ models: named(...names) })).rejects;
  await refused.toMatchObject({ code: 'ERR_INVALID_OPTION', message: expect.stringMatching(message) });
});

it.each([[['2024']], [['v2', 'v1']], [['02', '01']], [['constructor', 'a']]])(
  'of %j the first is the one of APIs that name none',
  async (names) => {
    const { server, get } = await startServer({ models: named(...names) });
    expect((await get('/info')).json.model_id).toBe(names[0]);
    await server.close();
  },
);

it.each([[['']], [['a b']], [['schl\u00fcssel']], [[5]]])('%j are refused as keys', async (apiKeys) => {
  await expect(createServer({ models: named('m'), apiKeys: apiKeys as string[] })).rejects.toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringMatching(/apiKeys\.0 is .*: it must be a string of printable ASCII without spaces/),
  });
});

it('names the model that does not take the strategy', async () => {
  const refused = expect(createServer({ models: named('one', 'two'), extend: 'ntk:4k' })).rejects;
  await refused.toMatchObject({
    code: 'ERR_STRATEGY_UNSUPPORTED',
    message: expect.stringMatching(/^The model one: /),
  });
});

it('a callback that throws costs no answer, and is warned of', async () => {
  const fail = (): never => {
    throw new Error('the disk is full');
  };
  const { server, post } = await startServer({
    models: { m: fakeModel({ fail: new TypeError('broken') }), n: fakeModel() },
    onRequest: fail,
    onMessage: fail,
  });
  const warned = once(process, 'warning');
  expect((await post('/v1/embeddings', { model: 'n', input: 'x' })).status).toBe(200);
  expect((await post('/v1/embeddings', { model: 'm', input: 'x' })).json.error.code).toBe('internal_error');
  expect(await warned).toMatchObject([
    { code: 'LONGEMBED_SERVER', message: expect.stringMatching(/onRequest .*the disk is full/) },
  ]);
  await server.close();
});
