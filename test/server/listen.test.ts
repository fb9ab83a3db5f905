/** Connections between requests. */
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { listen } from '../../server/listen.js';

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
