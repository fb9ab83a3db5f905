/** The server's sockets. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { LongEmbedError } from '../lib/error.js';

/** Connections at once: further ones are closed. */
const MAX_CONNECTIONS = 2048;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;
/** Time for a client to send its headers, and the whole request. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 120_000;
/** Longer than proxies keep theirs, which would otherwise send requests into connections that are being closed. */
const KEEP_ALIVE_MS = 75_000;
const CHECK_INTERVAL_MS = 2_000;
/** Time in which a client must take some of its answer. Node lets it pass twice where it saw less in its buffer the first time. */
const WRITE_TIMEOUT_MS = 60_000;

/** After the client has ended its side of a connection, until it is asked whether it is there; then twice as long, up to the longest. */
const FIRST_PROBE_MS = 100;
const MAX_PROBE_MS = 10_000;

/** Of each server: those that are not written yet. */
const answers = new WeakMap<Server, ReadonlySet<ServerResponse>>();

/**
 * Listens for connections.
 * @param fetch answers requests
 * @param keepAliveMs after an answer, until an idle connection is closed
 * @throws LongEmbedError ERR_INVALID_OPTION when the address cannot be used
 */
export async function listen(
  fetch: (request: Request) => Promise<Response>,
  host: string,
  port: number,
  { keepAliveMs = KEEP_ALIVE_MS }: { readonly keepAliveMs?: number } = {},
): Promise<Server> {
  const listener = getRequestListener(
    async (request, { outgoing }) => {
      const response = await fetch(request);
      cutSlowReader(outgoing as ServerResponse);
      return response;
    },
    // HTTP/1.0 knows no header Host, and probes of load balancers (HAProxy's) speak it
    { overrideGlobalObjects: false, hostname: 'localhost' },
  );
  const unfinished = new Set<ServerResponse>();
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      noDelay: true,
    },
    (incoming, outgoing) => {
      unfinished.add(outgoing);
      outgoing.once('close', () => unfinished.delete(outgoing));
      void listener(incoming, outgoing);
    },
  );
  answers.set(server, unfinished);
  answerHalfClosed(server, unfinished);
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(unusable(error, host, port)));
    server.listen(port, host, resolve);
  });
  return server;
}

/** A client that waits for its vectors is silent for minutes; one that does not read them is not waited for. */
function cutSlowReader(outgoing: ServerResponse): void {
  const { socket } = outgoing;
  if (socket === null) return;
  const cut = (): void => void socket.destroy();
  socket.setTimeout(WRITE_TIMEOUT_MS, cut);
  // Before Node's own listener: this one sets the socket's timeout to that of connections that wait for a further request.
  outgoing.prependOnceListener('finish', () => {
    socket.setTimeout(0);
    socket.off('timeout', cut);
  });
}

/**
 * Answers clients that have ended their side of the connection and read on (`nc -N`), which Node would hang up on. Those that are gone
 * end theirs in the same way: only when something is sent to them does their system say that nobody is there, and the next write
 * fails. Interim answers are such writes. HTTP/1.0 has none, and proxies that speak it (nginx) end connections whose client has gone.
 */
function answerHalfClosed(server: Server, unfinished: ReadonlySet<ServerResponse>): void {
  // Node documents it in its source alone
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  server.on('connection', (socket) => {
    socket.on('end', () => {
      let timer: NodeJS.Timeout | undefined;
      const probe = (afterMs: number): void => {
        const waiting = [...unfinished].filter(
          ({ req, headersSent }) => req.socket === socket && !headersSent,
        );
        const [first] = waiting;
        if (first === undefined) return;
        if (waiting.some(({ req }) => req.httpVersion === '1.0')) socket.end();
        else timer = setTimeout(send, afterMs, first, afterMs).unref();
      };
      const send = (outgoing: ServerResponse, afterMs: number): void => {
        if (!outgoing.headersSent) outgoing.writeProcessing();
        probe(Math.min(2 * afterMs, MAX_PROBE_MS));
      };
      probe(FIRST_PROBE_MS);
      socket.on('close', () => clearTimeout(timer));
    });
  });
}

/**
 * Closes connections that wait for a request. To Node, one on which nothing has come yet is not idle (browsers open such ones in
 * advance), and a closed server no longer times them out.
 */
export function closeUnused(server: Server): void {
  if (answers.get(server)?.size === 0) server.closeAllConnections();
  else server.closeIdleConnections();
}

/** The address that the server listens on. */
export function addressOf(server: Server): { host: string; port: number; url: string } {
  const { address, port, family } = server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return { host: address, port, url: `http://${host}:${port}` };
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

const REASONS: Record<string, string> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'permission is denied (ports below 1024 take more rights)',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
};

function unusable(error: NodeJS.ErrnoException, host: string, port: number): LongEmbedError {
  const reason = REASONS[error.code ?? ''] ?? error.message;
  return new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The server cannot listen on ${host}, port ${port}: ${reason}.`,
    {
      cause: error,
    },
  );
}
