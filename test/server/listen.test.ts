/** Connections between requests. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { listen } from '../../server/listen.js';
import { fakeModel } from './fake-model.js';
import { startServer } from './helpers.js';

it('closes a connection on which no further request comes', async () => {
  const server = await listen(() => Promise.resolve(new Response('answer')), '127.0.0.1', 0, {
    keepAliveMs: 200,
  });
  const { port } = server.address() as { port: number };
  let received = '';
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
  socket.on('data', (piece) => (received += piece.toString()));
  const closed = await new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), 4_000);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
  expect([closed, received]).toEqual([true, expect.stringMatching(/keep-alive[^]*answer/i)]);
  socket.destroy();
  server.closeAllConnections();
  server.close();
});

it('answers HTTP/1.0 without a header Host, as load balancers probe', async () => {
  const { server } = await startServer({ models: { m: fakeModel() } });
  const { port } = await server.listen({ port: 0 });
  const answer = await new Promise<string>((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /health HTTP/1.0\r\n\r\n'));
    socket.on('data', (piece) => (received += piece.toString()));
    socket.on('close', () => resolve(received));
  });
  expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*\{"status":"ok"\}$/);
  await server.close();
});

it('a closed server does not wait for connections on which nothing came, but for answers that are read', async () => {
  const model = fakeModel();
  const { server } = await startServer({ models: { m: model } });
  const { port } = await server.listen({ port: 0 });
  const open = (text: string): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text, () => resolve(socket)));
      socket.on('error', () => undefined);
    });
  await open('');
  await open('GET /health HTTP/1.1\r\nHost: ');
  const started = performance.now();
  const body = JSON.stringify({ input: Array<string>(2000).fill('x'.repeat(100)) });
  const reader = await open(
    `POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  let received = '';
  await new Promise<void>((resolve) =>
    reader.once('data', (piece) => {
      received += piece.toString();
      reader.pause();
      resolve();
    }),
  );
  const closing = server.close();
  setTimeout(() => reader.on('data', (piece) => (received += piece.toString())).resume(), 300);
  await closing;
  expect(performance.now() - started).toBeLessThan(10_000);
  await new Promise((resolve) => reader.once('close', resolve));
  expect(received).toMatch(/"count":200000,"max_model_len":\d+\}/);
});

it('takes the digits of an environment variable for a port', async () => {
  const { server } = await startServer({ models: { m: fakeModel() } });
  const { port, url } = await server.listen({ port: '0' });
  expect(port).toBeGreaterThan(0);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  await server.close();
});

const REQUEST = `POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"input":"x"}`;

/** Sends a request to a model that does not answer yet, then ends this side of the connection. */
async function halfClosed(request: string) {
  const model = fakeModel({ held: true });
  const { server, get } = await startServer({ models: { m: model } });
  const { port } = await server.listen({ port: 0 });
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(request));
  let received = '';
  socket.on('data', (piece) => (received += piece.toString()));
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.on('end', () => resolve(received)));
  const queue = async (size: number): Promise<void> => {
    while (!(await get('/metrics')).text.includes(`longembed_queue_size ${size}\n`)) await sleep(5);
  };
  await queue(1);
  socket.end();
  return { server, model, socket, closed, queue, received: () => received };
}

it('answers a client that has ended its side of the connection', async () => {
  const { server, model, socket, closed, received } = await halfClosed(REQUEST);
  while (!received().startsWith('HTTP/1.1 102 Processing\r\n\r\n')) await sleep(5);
  model.release();
  expect(await closed).toMatch(
    /^(HTTP\/1\.1 102 Processing\r\n\r\n)+HTTP\/1\.1 200 OK[^]*"embedding":\[1,0\.5\]/,
  );
  socket.destroy();
  await server.close();
});

it('stops the work of one that is gone by then, and of one of HTTP/1.0', async () => {
  const gone = await halfClosed(REQUEST);
  gone.socket.destroy();
  await gone.queue(0);
  expect(gone.model.embedded).toBe(0);
  await gone.server.close();
  const old = await halfClosed(REQUEST.replace('HTTP/1.1', 'HTTP/1.0'));
  await old.queue(0);
  expect([await old.closed, old.model.embedded]).toEqual(['', 0]);
  await old.server.close();
});

it.each([
  [{ host: '', port: 0 }, /host is "": it must be an address/],
  [{ host: 5, port: 0 }, /host is 5/],
  [{ port: 70_000 }, /port is 70000: it must be a whole number from 0 to 65535/],
  [{ port: 1.5 }, /port is 1\.5/],
  [{ port: '70000' }, /port is "70000": it must be a whole number from 0 to 65535/],
  [{ port: '' }, /port is ""/],
  [{ port: '/run/longembed.sock' }, /port is "\/run\/longembed\.sock"/],
  [{ port: '0x50' }, /port is "0x50"/],
  [{ address: '127.0.0.1' }, /address is not known: use host, port/],
])('%j is no place to listen', async (options, message) => {
  const { server } = await startServer({ models: { m: fakeModel() } });
  await expect(server.listen(options as object)).rejects.toMatchObject({
    code: 'ERR_INVALID_OPTION',
    message: expect.stringMatching(message),
  });
  await server.close();
});
