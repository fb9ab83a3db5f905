/** Names of models that cannot be served. */
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
