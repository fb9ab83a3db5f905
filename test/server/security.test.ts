/** Who is let in, how much a request may bring, and what is told of it. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../server/index.js';
import { fakeModel } from './fake-model.js';
import { expectRefused, startServer } from './helpers.js';

const PATH = '/v1/embeddings';

describe('keys', () => {
  it('let in who has one of them', async () => {
    const { server, post, get } = await startServer({ apiKeys: ['first-key', 'other'] });
    const withKey = (key: string) => ({ authorization: `Bearer ${key}` });
    expect((await post(PATH, { input: 'x' }, withKey('first-key'))).status).toBe(200);
    expect((await post(PATH, { input: 'x' }, withKey('other'))).status).toBe(200);
    for (const headers of [
      {},
      withKey('first-kez'),
      withKey('first-key2'),
      { authorization: 'Basic first-key' },
    ]) {
      const answer = await post(PATH, { input: 'x' }, headers);
      expectRefused(answer, 401, 'invalid_api_key', /API key/);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    for (const path of ['/v1/models', '/metrics', '/info', '/nowhere'])
      expect((await get(path)).status).toBe(401);
    for (const path of ['/health', '/openapi.json']) expect((await get(path)).status).toBe(200);
    await server.close();
  });
});

describe('limits', () => {
  it('of the body, announced or not', async () => {
    const { server, post } = await startServer({ maxBodyBytes: 1000 });
    const big = { input: 'grass '.repeat(300) };
    expectRefused(await post(PATH, big), 413, 'request_too_large', /larger than 1000 bytes/);
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(400).fill(32)),
    });
    const request = new Request(`http://server.test${PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      duplex: 'half',
    });
    expect((await server.fetch(request)).status).toBe(413);
    await server.close();
  });

  it('of inputs', async () => {
    const { server, post } = await startServer({ maxInputs: 3 });
    expectRefused(await post(PATH, { input: Array(4).fill('x') }), 400, 'array_above_max_length', /4 inputs/);
    expect((await post(PATH, { input: Array(3).fill('x') })).status).toBe(200);
    await server.close();
  });

  it('of strategies', async () => {
    const { server, post } = await startServer({ extend: 'pcw:1k', allowExtend: ['gp:2k'] });
    for (const extend of ['pcw:1k', 'gp:2048', 'gp:2k']) {
      expect((await post(PATH, { input: 'x', extend })).status).toBe(200);
    }
    expectRefused(
      await post(PATH, { input: 'x', extend: 'gp:4k' }),
      400,
      'ERR_INVALID_OPTION',
      /allows pcw:1k; gp:2k/,
    );
    await server.close();
  });

  it('of headers, and of the time to send them', async () => {
    const { server } = await startServer();
    const { port } = await server.listen({ port: 0 });
    const send = (text: string): Promise<string> =>
      new Promise((resolve) => {
        let received = '';
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        socket.on('data', (piece) => (received += piece.toString()));
        socket.on('error', () => undefined);
        socket.on('close', () => resolve(received));
      });
    const large = `GET /health HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`;
    expect(await send(large)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await send('no http\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    // it never ends: the connection is cut
    expect(await send('GET /health HTTP/1.1\r\nHost: ')).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    await server.close();
  });
});

describe('what is told', () => {
  it('of a request: nothing that it said', async () => {
    const records: RequestRecord[] = [];
    const messages: string[] = [];
    const { server, post } = await startServer({
      onRequest: (record) => records.push(record),
      onMessage: (message, details) => messages.push(message, details ?? ''),
    });
    await post(
      `${PATH}?q=secret`,
      { input: 'secret text', prompt: 'secret ', user: 'secret' },
      { 'x-request-id': 'abc-1' },
    );
    await post(PATH, { input: 'secret', extend: 'secret:4k' });
    await post('/secret', { input: 'secret' });
    await post(PATH, '{"secret');
    expect(records).toEqual([
      expect.objectContaining({
        id: 'abc-1',
        endpoint: PATH,
        status: 200,
        code: null,
        model: 'mini',
        inputs: 1,
      }),
      expect.objectContaining({ endpoint: PATH, status: 400, code: 'ERR_INVALID_OPTION' }),
      expect.objectContaining({ endpoint: 'unknown', status: 404, code: 'not_found' }),
      expect.objectContaining({ endpoint: PATH, status: 400, code: 'invalid_json' }),
    ]);
    expect(JSON.stringify([records, messages])).not.toContain('secret');
    await server.close();
  });

  it('ids that could forge a log are replaced', async () => {
    const { server, get } = await startServer();
    expect((await get('/health', { 'x-request-id': 'mine.1' })).headers.get('x-request-id')).toBe('mine.1');
    const forged = await get('/health', { 'x-request-id': 'a b' });
    expect(forged.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    await server.close();
  });
});

describe('a client that hangs up', () => {
  it('stops its work, and the next is served', async () => {
    const records: RequestRecord[] = [];
    const model = fakeModel({ held: true });
    const { server, get } = await startServer({
      models: { m: model },
      onRequest: (record) => records.push(record),
    });
    const { url } = await server.listen({ port: 0 });
    const ask = (signal?: AbortSignal) =>
      fetch(url + PATH, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ input: 'x' }),
        ...(signal === undefined ? {} : { signal }),
      });
    const controller = new AbortController();
    const gone = ask(controller.signal);
    gone.catch(() => undefined);
    const queue = async (size: number): Promise<void> => {
      while (!(await get('/metrics')).text.includes(`longembed_queue_size ${size}\n`)) await sleep(5);
    };
    await queue(1);
    controller.abort();
    await expect(gone).rejects.toThrow();
    await queue(0);
    expect(model.embedded).toBe(0);
    const next = ask();
    await queue(1);
    model.release();
    expect((await next).status).toBe(200);
    const embeddings = records.filter(({ endpoint }) => endpoint === PATH);
    expect(embeddings.map(({ status, code }) => [status, code])).toEqual([
      [499, 'ERR_ABORTED'],
      [200, null],
    ]);
    await server.close();
  });
});
