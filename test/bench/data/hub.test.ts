import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DATA, hubTaskData } from '../../../bench/data/hub.js';
import type { HubSettings } from '../../../lib/hub/settings.js';
import { narrativeqa } from '../../../bench/tasks/real.js';
import { qmsum } from '../../../bench/tasks/real.js';
import type { TaskData } from '../../../bench/tasks/task.js';
import { failure, jsonl, options, QRELS, QUERIES } from './folder.js';
import { listen, sha256, startHub, stop, type TestHub } from '../../hub/server.js';
import { settingsOf } from '../../hub/settings.js';

/** Large enough to be cut in the middle. */
const CORPUS = jsonl(
  { doc_id: 'd1', text: 'First. '.repeat(40_000) },
  { doc_id: 'd2', text: 'Second. '.repeat(40_000) },
);
const FILES = {
  'qmsum/corpus.jsonl': CORPUS,
  'qmsum/queries.jsonl': QUERIES,
  'qmsum/qrels.jsonl': QRELS,
};
const CORPUS_BLOB = sha256(Buffer.from(CORPUS));

async function hubOf(files: Readonly<Record<string, string>> = FILES): Promise<TestHub> {
  const hub = await startHub(DATA, files);
  onTestFinished(() => hub.close());
  return hub;
}

const fetchQmsum = (settings: HubSettings, signal?: AbortSignal): Promise<TaskData> =>
  hubTaskData(qmsum, options(null, { signal }), settings);

async function documentsOf({ splits }: TaskData): Promise<string[]> {
  return (await splits[0]!.load()).documents.map(({ id }) => id);
}

/** Requests for the corpus' content. */
const corpusRequests = ({ seen }: TestHub) =>
  seen.filter(({ host, url }) => host === 'storage' && url.includes('corpus'));

const blobsOf = ({ cache }: HubSettings): string => join(cache, 'datasets--dwzhu--LongEmbed', 'blobs');

describe('a task from the hub', () => {
  it('is downloaded once, into the cache that Hugging Face’s programs share', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    const task = options(null);
    const found = await hubTaskData(qmsum, task, settings);
    expect(found).toMatchObject({ origin: 'hub dwzhu/LongEmbed@6e34664', splits: [{ name: 'test' }] });
    expect(await documentsOf(found)).toEqual(['d1', 'd2']);
    expect(task.messages[0]).toMatch(/^Downloading qmsum\/corpus\.jsonl, .* from http:/);
    expect(readFileSync(join(blobsOf(settings), CORPUS_BLOB), 'utf8')).toBe(CORPUS);

    const asked = hub.seen.length;
    expect(await documentsOf(await fetchQmsum(settings))).toEqual(['d1', 'd2']);
    expect(hub.seen.length).toBe(asked);
    expect(await documentsOf(await fetchQmsum({ ...settings, offline: true }))).toEqual(['d1', 'd2']);
  });

  it('sends the token to the hub, but not to the host of a redirect', async () => {
    const hub = await hubOf();
    await fetchQmsum(settingsOf(hub.endpoint, { token: 'hf_secret' }));
    const tokens = (host: string) =>
      new Set(hub.seen.filter((one) => one.host === host).map((one) => one.token));
    expect(tokens('hub')).toEqual(new Set(['Bearer hf_secret']));
    expect(tokens('storage')).toEqual(new Set([undefined]));
  });

  it('resumes after the connection was cut', async () => {
    const hub = await hubOf();
    hub.fault = ({ host, url, range }) =>
      host === 'storage' && url.includes('corpus') && range === undefined ? { cutAfter: 100_000 } : undefined;
    expect(await documentsOf(await fetchQmsum(settingsOf(hub.endpoint)))).toEqual(['d1', 'd2']);
    const rest = corpusRequests(hub).filter(({ range }) => range !== undefined);
    expect(rest).toHaveLength(1);
    expect(Number(/^bytes=(\d+)-$/.exec(rest[0]!.range!)![1])).toBeGreaterThan(0);
  });

  it('resumes where an earlier run was stopped', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    const controller = new AbortController();
    hub.fault = ({ host, url }) =>
      host === 'storage' && url.includes('corpus') ? { stopAfter: 100_000 } : undefined;
    const first = fetchQmsum(settings, controller.signal);
    const stopped = expect(first).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    const arrived = (): boolean =>
      existsSync(blobsOf(settings)) &&
      readdirSync(blobsOf(settings)).some(
        (name) => readFileSync(join(blobsOf(settings), name)).length === 100_000,
      );
    await expect.poll(arrived, { timeout: 10_000, interval: 10 }).toBe(true);
    controller.abort(new Error('enough'));
    await stopped;

    hub.fault = () => undefined;
    expect(await documentsOf(await fetchQmsum(settings))).toEqual(['d1', 'd2']);
    expect(corpusRequests(hub).at(-1)!.range).toBe('bytes=100000-');
  });

  it('downloads everything again from a server without range support', async () => {
    const hub = await hubOf();
    hub.ranges = false;
    let cuts = 0;
    hub.fault = ({ host, url }) =>
      host === 'storage' && url.includes('corpus') && cuts++ === 0 ? { cutAfter: 100_000 } : undefined;
    const settings = settingsOf(hub.endpoint);
    expect(await documentsOf(await fetchQmsum(settings))).toEqual(['d1', 'd2']);
    expect(cuts).toBe(2);
    expect(readFileSync(join(blobsOf(settings), CORPUS_BLOB), 'utf8')).toBe(CORPUS);
  });

  it('refuses and removes a damaged download, and accepts an intact one', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    hub.sent.set('qmsum/corpus.jsonl', Buffer.from(CORPUS.replace('First', 'Furst')));
    await expect(fetchQmsum(settings)).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /QMSum is not available .*arrived damaged: its checksum is .*--data DIR/),
    );
    expect(existsSync(join(blobsOf(settings), CORPUS_BLOB))).toBe(false);
    hub.sent.clear();
    expect(await documentsOf(await fetchQmsum(settings))).toEqual(['d1', 'd2']);
  });

  it('waits for another process that downloads the same file', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    hub.fault = ({ host, url }) =>
      host === 'storage' && url.includes('corpus') ? { stopAfter: 100_000 } : undefined;
    const first = fetchQmsum(settings);
    await expect.poll(() => corpusRequests(hub).length, { timeout: 10_000, interval: 10 }).toBeGreaterThan(0);
    const second = options(null);
    const both = Promise.all([first, hubTaskData(qmsum, second, settings)]);
    await expect.poll(() => second.messages.length, { timeout: 10_000, interval: 10 }).toBe(2);
    hub.release();
    for (const found of await both) expect(await documentsOf(found)).toEqual(['d1', 'd2']);
    expect(second.messages[1]).toBe('Another process is downloading qmsum/corpus.jsonl: waiting for it.');
    expect(corpusRequests(hub)).toHaveLength(1);
  });

  it('is requested again when the hub is busy', async () => {
    const hub = await hubOf();
    let busy = 2;
    hub.fault = () => (busy-- > 0 ? { status: 503, headers: { 'retry-after': '0' } } : undefined);
    expect(await documentsOf(await fetchQmsum(settingsOf(hub.endpoint)))).toEqual(['d1', 'd2']);
  });

  it.each([
    ['that stays busy', 503, null, /answers 503, on every attempt/],
    ['that wants a token', 401, null, /answers 401: it denies access .*set HF_TOKEN to a token/],
    ['that does not take the token', 403, 'hf_x', /answers 403: .*the token in use .* may not read it/],
    ['that has no such data set', 404, null, /answers 404: it does not have dwzhu\/LongEmbed@6e34664/],
  ])('says what to do about a hub %s', async (_what, status, token, message) => {
    const hub = await hubOf();
    hub.fault = () => ({ status });
    await expect(fetchQmsum(settingsOf(hub.endpoint, { token }))).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', message),
    );
  });

  it('says which task the hub does not have', async () => {
    const hub = await hubOf();
    await expect(hubTaskData(narrativeqa, options(null), settingsOf(hub.endpoint))).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /^NarrativeQA is not available from the Hugging Face hub\. .*narrativeqa/,
      ),
    );
  });

  it('reports a missing connection, and offline mode', async () => {
    const gone = await startHub(DATA, FILES);
    await gone.close();
    await expect(fetchQmsum(settingsOf(gone.endpoint))).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /cannot be reached: the connection was refused; check this machine's network .*--data DIR/,
      ),
    );
    await expect(fetchQmsum(settingsOf(gone.endpoint, { offline: true }))).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /HF_HUB_OFFLINE is set, and the cache .* does not have qmsum\/corpus\.jsonl/,
      ),
    );
  });

  it('comes through the proxy, except from hosts that need none', async () => {
    const hub = await hubOf();
    const proxied: string[] = [];
    const proxy = createServer((request, response) => {
      proxied.push(request.url!);
      const { pathname, search, host } = new URL(request.url!);
      const address = host === 'hub.test' ? `${hub.endpoint}${pathname}${search}` : request.url!;
      const passed = httpRequest(address, { method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      request.pipe(passed);
    });
    const url = await listen(proxy);
    onTestFinished(() => stop(proxy));
    const settings = settingsOf('http://hub.test', { proxies: { http: url, https: '', none: '127.0.0.1' } });
    expect(await documentsOf(await fetchQmsum(settings))).toEqual(['d1', 'd2']);
    expect(new Set(proxied.map((one) => new URL(one).host))).toEqual(new Set(['hub.test']));
    expect(corpusRequests(hub).length).toBeGreaterThan(0);
  });
});
