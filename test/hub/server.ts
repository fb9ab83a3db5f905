/** A hub for the tests: the paths of huggingface.co that matter, with another host for large files, as the real one has. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Snapshot } from '../../lib/hub/repository.js';

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
  /** Does not answer at all. */
  | { readonly silent: true }
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
  /** The commits of branches and tags. */
  refs: Map<string, string>;
  /** The large file's content as it is sent, when not what its checksum says. */
  sent: Map<string, Buffer>;
  /** Whether storage takes `Range` for what it is. */
  ranges: boolean;
  close(): Promise<void>;
}

export const gitSha1 = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** Entries of a page of the list of files: little, so that there are several pages. */
const PAGE = 3;

/**
 * @param repository the only one; its branch main is at the commit
 * @param files of every commit; queries are small ones, kept in git; the others are large ones (LFS), kept in storage
 */
export async function startHub(
  { type, name, commit }: Snapshot,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<TestHub> {
  const contents = new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]));
  const api = `/api/${type}s/${name}`;
  const page = `/${type === 'dataset' ? 'datasets/' : ''}${name}`;
  const isKnown = (revision: string): boolean => [...hub.refs.values()].includes(revision);
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
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://hub');
      if (!pathname.startsWith(`${api}/`) && !pathname.startsWith(`${page}/`)) {
        // What the real one tells strangers about repositories that do not exist.
        response.writeHead(401, { 'content-type': 'application/json', 'x-error-code': 'RepoNotFound' });
        response.end(JSON.stringify({ error: 'Invalid username or password.' }));
        return;
      }
      const rest = pathname.slice((pathname.startsWith(`${api}/`) ? api : page).length + 1);
      const [action = '', encoded = '', ...parts] = rest.split('/');
      const revision = decodeURIComponent(encoded);
      const at = isKnown(revision) ? revision : hub.refs.get(revision);
      if (at === undefined) {
        response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end('Invalid rev id');
        return;
      }
      if (action === 'paths-info') return void describe(request, response);
      if (action === 'tree') {
        list(Number(searchParams.get('cursor') ?? 0), pathname, response);
        return;
      }
      if (action === 'revision') {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ _id: '1', id: name, sha: at, lastModified: '2026-01-01' }));
        return;
      }
      const path = decodeURIComponent(parts.join('/'));
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

  const entry = (path: string, content: Buffer) => {
    const info = { type: 'file', path, size: content.length, oid: gitSha1(content) };
    if (!isLarge(path)) return info;
    const lfs = { oid: sha256(content), size: content.length, pointerSize: 134 };
    return { ...info, oid: 'ab'.repeat(20), lfs };
  };

  function list(cursor: number, pathname: string, response: ServerResponse): void {
    const all = [
      { type: 'directory', path: 'folder', size: 0, oid: '' },
      ...[...contents].map(([path, content]) => entry(path, content)),
    ];
    const next = cursor + PAGE;
    const link = `<${hub.endpoint}${pathname}?recursive=true&cursor=${next}>; rel="next"`;
    response.writeHead(200, { 'content-type': 'application/json', ...(next < all.length && { link }) });
    response.end(JSON.stringify(all.slice(cursor, next)));
  }

  async function describe(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request) body += String(piece);
    const { paths } = JSON.parse(body) as { paths: string[] };
    const infos = paths.flatMap((path) => {
      const content = contents.get(path);
      if (content === undefined) return [];
      return [entry(path, content)];
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
    if ('silent' in fault) return;
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
    const partly = range !== null && hub.ranges;
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
    refs: new Map([['main', commit]]),
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
