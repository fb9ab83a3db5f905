/** A hub for the tests: the paths of huggingface.co that matter, with another host for large files, as the real one has. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { REPOSITORY } from '../../../bench/data/hub/cache.js';

export interface Seen {
  readonly method: string;
  /** "hub" or "storage". */
  readonly host: string;
  readonly url: string;
  readonly range: string | undefined;
  readonly token: string | undefined;
}

/** What to do instead of answering as one should. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** Sends so many bytes of the body, then cuts the connection. */
  | { readonly cutAfter: number }
  /** Sends so many bytes and then nothing more, until `release` is called. */
  | { readonly stopAfter: number };

export interface TestHub {
  readonly endpoint: string;
  readonly seen: Seen[];
  /** Asked before each request is answered; undefined: answer it well. */
  fault: (request: Seen) => Fault | undefined;
  /** Sends the rest of what was stopped, and stops nothing more. */
  release(): void;
  /** The large file's content as it is sent, when not what its checksum says. */
  sent: Map<string, Buffer>;
  /** Whether storage takes `Range` for what it is. */
  ranges: boolean;
  close(): Promise<void>;
}

const API = `/api/datasets/${REPOSITORY.name}/paths-info/${REPOSITORY.commit}`;
const RESOLVE = `/datasets/${REPOSITORY.name}/resolve/${REPOSITORY.commit}/`;

export const gitSha1 = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** @param files queries are small ones, kept in git; the others are large ones (LFS), kept in storage */
export async function startHub(files: Readonly<Record<string, string>>): Promise<TestHub> {
  const contents = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  const isLarge = (path: string): boolean => !path.includes('queries');
  let released: (() => void)[] = [];
  let stopping = true;

  const storage = createServer((request, response) =>
    answer('storage', request, response, () => {
      const path = decodeURIComponent((request.url ?? '').slice('/'.length).split('?')[0]!);
      send(request, response, hub.sent.get(path) ?? contents.get(path)!, {});
    }),
  );
  const front = createServer((request, response) =>
    answer('hub', request, response, () => {
      const url = request.url ?? '';
      if (url === API && request.method === 'POST') return void describe(request, response);
      const path = url.startsWith(RESOLVE) ? url.slice(RESOLVE.length) : '';
      const content = contents.get(path);
      if (content === undefined) {
        response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end('Entry not found');
      } else if (isLarge(path)) {
        const location = `${storageUrl}/${encodeURIComponent(path)}?signature=secret`;
        response.writeHead(302, { location, 'x-linked-etag': `"${sha256(content)}"` }).end();
      } else {
        send(request, response, hub.sent.get(path) ?? content, { etag: `"${gitSha1(content)}"` });
      }
    }),
  );

  async function describe(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += String(piece);
    const { paths } = JSON.parse(body) as { paths: string[] };
    const infos = paths.flatMap((path) => {
      const content = contents.get(path);
      if (content === undefined) return [];
      const info = { type: 'file', path, size: content.length, oid: gitSha1(content) };
      return [
        isLarge(path)
          ? {
              ...info,
              oid: 'ab'.repeat(20),
              lfs: { oid: sha256(content), size: content.length, pointerSize: 134 },
            }
          : info,
      ];
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(infos));
  }

  function answer(host: string, request: IncomingMessage, response: ServerResponse, well: () => void): void {
    const seen: Seen = {
      method: request.method ?? '',
      host,
      url: request.url ?? '',
      range: request.headers.range,
      token: request.headers.authorization,
    };
    hub.seen.push(seen);
    const fault = hub.fault(seen);
    if (fault === undefined) {
      well();
      return;
    }
    if ('status' in fault) {
      response.writeHead(fault.status, fault.headers ?? {}).end(fault.body ?? '');
      return;
    }
    limits.set(response, fault);
    well();
  }

  const limits = new WeakMap<ServerResponse, Fault>();

  function send(
    request: IncomingMessage,
    response: ServerResponse,
    content: Buffer,
    headers: Record<string, string>,
  ): void {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const probe = request.headers.range === 'bytes=0-0';
    const partly = range !== null && (hub.ranges || probe);
    const start = partly ? Number(range[1]) : 0;
    const end = partly && range[2] !== '' ? Number(range[2]) + 1 : content.length;
    const body = content.subarray(start, end);
    response.writeHead(partly ? 206 : 200, {
      etag: '"storage"',
      ...headers,
      'content-length': body.length,
      ...(partly && { 'content-range': `bytes ${start}-${end - 1}/${content.length}` }),
    });
    const limit = limits.get(response);
    if (limit !== undefined && 'cutAfter' in limit) {
      response.write(body.subarray(0, limit.cutAfter), () => response.destroy());
    } else if (limit !== undefined && 'stopAfter' in limit && stopping) {
      response.write(body.subarray(0, limit.stopAfter));
      released.push(() => response.end(body.subarray(limit.stopAfter)));
    } else {
      response.end(body);
    }
  }

  const [endpoint, storageUrl] = [await listen(front), await listen(storage)];
  const hub: TestHub = {
    endpoint,
    seen: [],
    fault: () => undefined,
    release: () => {
      stopping = false;
      for (const goOn of released) goOn();
      released = [];
    },
    sent: new Map(),
    ranges: true,
    close: async () => {
      await Promise.all([front, storage].map(stop));
    },
  };
  return hub;
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
