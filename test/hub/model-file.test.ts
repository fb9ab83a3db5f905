import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DownloadProgress } from '../../lib/index.js';
import { hubModelFile, type HubModelOptions } from '../../lib/hub/model-file.js';
import type { HubSettings } from '../../lib/hub/settings.js';
import { processHost } from '../../lib/process-host.js';
import { failure } from '../bench/data/folder.js';
import { makeReadOnly, noTmpfs, tmpfs } from '../bench/runner/tmpfs.js';
import { sha256, startHub, type Seen, type TestHub } from './server.js';
import { settingsOf } from './settings.js';

const [FIRST, SECOND] = ['1'.repeat(40), '2'.repeat(40)];
const NAME = 'hf:org/repo';
const FILE = `${NAME}/model-q8_0.gguf`;
/** Large enough to be cut in the middle. */
const MODEL = Buffer.alloc(600_000, 'GGUF and weights ');

const PARTS = {
  'big-00001-of-00002.gguf': 'first part',
  'big-00002-of-00002.gguf': 'second part',
};
const MANY = {
  'README.md': 'text',
  'model-q4_k_m.gguf': 'small',
  'model-q8_0.gguf': MODEL,
  'f16/model-f16.gguf': 'half',
  ...PARTS,
};

async function hubOf(files: Readonly<Record<string, string | Buffer>> = MANY): Promise<TestHub> {
  const hub = await startHub({ type: 'model', name: 'org/repo', commit: FIRST }, files);
  onTestFinished(() => hub.close());
  return hub;
}

interface Located {
  path: string;
  progress: DownloadProgress[];
  warnings: string[];
}

async function locate(name: string, settings: HubSettings, options: HubModelOptions = {}): Promise<Located> {
  const [progress, warnings]: [DownloadProgress[], string[]] = [[], []];
  const path = await hubModelFile(
    name,
    { onDownload: (one) => progress.push(one), onWarning: (text) => warnings.push(text), ...options },
    settings,
  );
  return { path, progress, warnings };
}

const folderOf = ({ cache }: HubSettings): string => join(cache, 'models--org--repo');
const blobOf = (settings: HubSettings): string => join(folderOf(settings), 'blobs', sha256(MODEL));
const isDownload = ({ host, url }: Seen): boolean => host === 'storage' && url.includes('q8_0');
const partials = (settings: HubSettings): string[] =>
  readdirSync(join(folderOf(settings), 'blobs')).filter((name) => name.endsWith('.incomplete'));

/** Stops with a signal when a part has arrived, and waits for the end. */
async function stopHalfway(hub: TestHub, settings: HubSettings): Promise<void> {
  const controller = new AbortController();
  hub.fault = (request) => (isDownload(request) ? { stopAfter: 100_000 } : undefined);
  const stopped = locate(FILE, settings, {
    signal: controller.signal,
    onDownload: ({ bytesDone }) => {
      if (bytesDone === 100_000) controller.abort(new Error('enough'));
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: 'ERR_ABORTED', cause: { message: 'enough' } });
  hub.fault = () => undefined;
}

describe('a model on the hub', () => {
  it('is downloaded once per commit, into the layout of Hugging Face’s cache', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    const { path, progress } = await locate(FILE, settings);
    expect(path).toBe(join(folderOf(settings), 'snapshots', FIRST, 'model-q8_0.gguf'));
    expect(sha256(readFileSync(path))).toBe(sha256(MODEL));
    expect(readlinkSync(path)).toBe(join('..', '..', 'blobs', sha256(MODEL)));
    expect(readFileSync(join(folderOf(settings), 'refs', 'main'), 'utf8')).toBe(FIRST);
    const state = { file: 'model-q8_0.gguf', bytesTotal: MODEL.length };
    expect(progress[0]).toEqual({ ...state, state: 'downloading', bytesDone: 0 });
    expect(progress).toContainEqual({ ...state, state: 'downloading', bytesDone: MODEL.length });
    expect(progress.at(-1)).toEqual({ ...state, state: 'checking', bytesDone: MODEL.length });

    const asked = hub.seen.length;
    const again = await locate(FILE, settings);
    expect(again).toEqual({ path, progress: [], warnings: [] });
    // only whether main has moved
    expect(hub.seen.slice(asked).map(({ url }) => url.split('?')[0])).toEqual([
      '/api/models/org/repo/revision/main',
    ]);
  });

  it('follows a branch that moved, and keeps content that stayed', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    await locate(FILE, settings);
    hub.refs.set('main', SECOND);
    const { path, progress } = await locate(FILE, settings);
    expect(path).toContain(SECOND);
    expect(sha256(readFileSync(path))).toBe(sha256(MODEL));
    expect(progress).toEqual([]);
    expect(hub.seen.filter(isDownload)).toHaveLength(1);
    expect(readFileSync(join(folderOf(settings), 'refs', 'main'), 'utf8')).toBe(SECOND);
  });

  it('at a commit, a tag or a branch with slashes', async () => {
    const hub = await hubOf();
    hub.refs.set('v1', SECOND).set('refs/pr/1', SECOND);
    const settings = settingsOf(hub.endpoint);
    expect((await locate(`${FILE}@v1`, settings)).path).toContain(SECOND);
    expect((await locate(`${FILE}@refs/pr/1`, settings)).path).toContain(SECOND);
    const asked = hub.seen.length;
    expect((await locate(`${FILE}@${SECOND}`, settings)).path).toContain(SECOND);
    expect(hub.seen.length).toBe(asked);
    await locate(`${FILE}@${FIRST}`, settings);
    expect(hub.seen.some(({ url }) => url.includes('revision/1111'))).toBe(false);
  });

  it('in a folder, with a name that a URL has to escape', async () => {
    const file = 'a b/ünï#c?d%20.gguf';
    const hub = await hubOf({ [file]: 'odd' });
    const settings = settingsOf(hub.endpoint);
    const { path } = await locate(`${NAME}/${file}`, settings);
    expect(path.endsWith(join('a b', 'ünï#c?d%20.gguf'))).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('odd');
  });

  it('without a name is the only one of its repository', async () => {
    const hub = await hubOf({ 'a.md': '', 'b.md': '', 'c.md': '', 'd/model.gguf': 'the one' });
    const settings = settingsOf(hub.endpoint);
    const { path } = await locate(NAME, settings);
    expect(readFileSync(path, 'utf8')).toBe('the one');
    expect((await locate(NAME, { ...settings, offline: true })).path).toBe(path);
  });

  it('without a name among several is an error that lists them', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    await expect(locate(NAME, settings)).rejects.toMatchObject({
      code: 'ERR_MODEL_NOT_FOUND',
      message:
        'org/repo@1111111 has 4 models: big-00001-of-00002.gguf (0.0 MB), f16/model-f16.gguf (0.0 MB), ' +
        'model-q4_k_m.gguf (0.0 MB), model-q8_0.gguf (0.6 MB). Name one of them, for example hf:org/repo/model-q8_0.gguf.',
    });
    expect(existsSync(folderOf(settings))).toBe(false);
  });

  it('comes with all parts of a split one, whichever was named', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    const { path } = await locate(`${NAME}/big-00002-of-00002.gguf`, settings);
    expect(path.endsWith('big-00001-of-00002.gguf')).toBe(true);
    for (const [name, content] of Object.entries(PARTS)) {
      expect(readFileSync(join(dirname(path), name), 'utf8')).toBe(content);
    }
    expect((await locate(`${NAME}/big-00001-of-00002.gguf`, { ...settings, offline: true })).path).toBe(path);
  });

  it('resumes a download that was cut or stopped', async () => {
    const hub = await hubOf();
    let cut = false;
    hub.fault = (request) => {
      if (!isDownload(request) || cut) return undefined;
      cut = true;
      return { cutAfter: 100_000 };
    };
    const { path } = await locate(FILE, settingsOf(hub.endpoint));
    expect(sha256(readFileSync(path))).toBe(sha256(MODEL));
    expect(hub.seen.filter(isDownload)[1]!.range).toMatch(/^bytes=[1-9]\d*-$/);

    const settings = settingsOf(hub.endpoint);
    await stopHalfway(hub, settings);
    expect(existsSync(blobOf(settings))).toBe(false);
    expect(partials(settings)).toEqual([`${sha256(MODEL)}.longembed.incomplete`]);
    const { path: second, progress } = await locate(FILE, settings);
    expect(hub.seen.at(-1)!.range).toBe('bytes=100000-');
    expect(progress[0]!.bytesDone).toBe(100_000);
    expect(sha256(readFileSync(second))).toBe(sha256(MODEL));
    expect(partials(settings)).toEqual([]);
  });

  it('is downloaded once when several ask at once', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    const both = await Promise.all([1, 2, 3].map(() => locate(FILE, settings)));
    for (const { path } of both) expect(sha256(readFileSync(path))).toBe(sha256(MODEL));
    expect(hub.seen.filter(isDownload)).toHaveLength(1);
    expect(partials(settings)).toEqual([]);
  });

  it('comes also when another process takes the partial file for abandoned', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    const blobs = join(folderOf(settings), 'blobs');
    let taken = false;
    const { path } = await locate(FILE, settings, {
      onDownload: ({ state, bytesDone }) => {
        if (taken || state !== 'downloading' || bytesDone === 0) return;
        taken = true;
        const [own] = partials(settings);
        // what a process with an id that no other here has does, and then gives up
        renameSync(join(blobs, own!), join(blobs, `${sha256(MODEL)}.longembed.incomplete`));
      },
    });
    expect(taken).toBe(true);
    expect(sha256(readFileSync(path))).toBe(sha256(MODEL));
    expect(partials(settings)).toEqual([]);
  });

  it('ends with the error of onDownload, or before it begins', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    const mine = new RangeError('mine');
    const throwing = (): void => {
      throw mine;
    };
    await expect(locate(FILE, settings, { onDownload: throwing })).rejects.toBe(mine);
    expect(existsSync(blobOf(settings))).toBe(false);
    const asked = hub.seen.length;
    await expect(locate(FILE, settings, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    expect(hub.seen.length).toBe(asked);
  });

  it('gives the token to the hub alone', async () => {
    const hub = await hubOf();
    await locate(FILE, settingsOf(hub.endpoint, { token: 'hf_secret' }));
    for (const { host, token } of hub.seen) {
      expect(token).toBe(host === 'hub' ? 'Bearer hf_secret' : undefined);
    }
    expect(hub.seen.some(({ host }) => host === 'storage')).toBe(true);
  });
});

describe('a model out of reach', () => {
  it('comes from the cache when offline, with no request', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    const { path } = await locate(FILE, settings);
    const offline = { ...settings, offline: true };
    const asked = hub.seen.length;
    expect((await locate(FILE, offline)).path).toBe(path);
    expect((await locate(NAME, offline)).path).toBe(path);
    await expect(locate(`${NAME}/other.gguf`, offline)).rejects.toMatchObject(
      failure(
        'ERR_MODEL_NOT_FOUND',
        /^HF_HUB_OFFLINE is set, and the cache .* does not have other\.gguf of org\/repo/,
      ),
    );
    await expect(locate(`${FILE}@v2`, offline)).rejects.toMatchObject(
      failure('ERR_MODEL_NOT_FOUND', /\(revision v2\).* unset HF_HUB_OFFLINE to download it/),
    );
    expect(hub.seen.length).toBe(asked);
  });

  it('comes from the cache with a warning when the hub cannot be reached, is busy or silent', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    const { path } = await locate(FILE, settings);
    hub.fault = () => ({ status: 503 });
    const asked = hub.seen.length;
    const busy = await locate(FILE, settings);
    expect(busy).toMatchObject({ path, warnings: [expect.stringMatching(/answers 503.*the cache is used/)] });
    expect(hub.seen.length).toBe(asked + 1);

    hub.fault = () => ({ silent: true });
    expect(await locate(FILE, { ...settings, silenceTimeoutMs: 300 })).toMatchObject({ path });

    await hub.close();
    expect((await locate(FILE, settings)).warnings[0]).toMatch(
      /^http.* cannot be reached: the connection was/,
    );
    await expect(locate(`${NAME}/other.gguf`, settings)).rejects.toMatchObject(
      failure(
        'ERR_MODEL_NOT_FOUND',
        /cannot be reached: the connection was refused; check this machine's net/,
      ),
    );
  });

  it.each([
    [
      'GatedRepo',
      null,
      /org\/repo is gated\. Accept its conditions at http.*\/org\/repo, and set HF_TOKEN to a/,
    ],
    [
      'GatedRepo',
      'hf_x',
      /org\/repo is gated\. Accept .*use a token of that account \(HF_TOKEN.* It says: ask/,
    ],
    [
      '',
      null,
      /answers 403: it denies access to org\/repo, or has no such repository.*set HF_TOKEN to a token/,
    ],
    ['', 'hf_x', /answers 403: .*the token in use .* may not read it/],
  ])('because access is denied (%s, token %s)', async (code, token, message) => {
    const hub = await hubOf();
    const body = '{"error":"ask"}';
    hub.fault = () => ({ status: 403, headers: { 'x-error-code': code }, body });
    await expect(locate(FILE, settingsOf(hub.endpoint, { token }))).rejects.toMatchObject(
      failure('ERR_MODEL_NOT_FOUND', message),
    );
  });

  it.each([
    [
      'hf:org/other/file.gguf',
      /answers 401: it denies access to org\/other, or has no such repository\. Check/,
    ],
    [
      `${FILE}@v9`,
      /answers 404: it does not have org\/repo@v9: the repository has no such branch, tag or commit/,
    ],
    [`${FILE}@${'9'.repeat(40)}`, /answers 404: .* no such branch, tag or commit/],
    [
      `${NAME}/none.gguf`,
      /org\/repo@1111111 has no file none\.gguf\. Its models are .*f16 \(|name one of them/,
    ],
    [
      `${NAME}/big-00001-of-00003.gguf`,
      /has no file big-00001-of-00003\.gguf\. Its models are big-00001-of-00002/,
    ],
  ])('because there is no %s', async (name, message) => {
    const hub = await hubOf();
    await expect(locate(name, settingsOf(hub.endpoint))).rejects.toMatchObject(
      failure('ERR_MODEL_NOT_FOUND', message),
    );
  });

  it('because the repository has other formats only', async () => {
    const hub = await hubOf({ 'model.safetensors': 'x' });
    for (const name of [NAME, `${NAME}/model.gguf`]) {
      await expect(locate(name, settingsOf(hub.endpoint))).rejects.toMatchObject(
        failure(
          'ERR_MODEL_NOT_FOUND',
          /org\/repo@1111111 has no GGUF file: look for .*-GGUF\), or convert it/,
        ),
      );
    }
  });

  it('because what answers is not a hub', async () => {
    const hub = await hubOf();
    const html = { 'content-type': 'text/html; charset=utf-8' };
    hub.fault = () => ({ status: 200, headers: html, body: '<html>Log in</html>' });
    const login = failure(
      'ERR_MODEL_NOT_FOUND',
      /sends a web page instead of org\/repo: open it in a browser/,
    );
    await expect(locate(FILE, settingsOf(hub.endpoint))).rejects.toMatchObject(login);
    // in place of the file alone
    hub.fault = (request) =>
      isDownload(request) ? { status: 200, headers: html, body: '<html>Log in</html>' } : undefined;
    const settings = settingsOf(hub.endpoint);
    await expect(locate(FILE, settings)).rejects.toMatchObject(login);
    expect(existsSync(blobOf(settings))).toBe(false);
    hub.fault = () => ({ status: 200, body: 'it works!' });
    await expect(locate(FILE, settingsOf(hub.endpoint))).rejects.toMatchObject(
      failure('ERR_MODEL_NOT_FOUND', /does not answer as a Hugging Face hub does .*: check HF_ENDPOINT/),
    );
    hub.fault = () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '{}' });
    await expect(locate(FILE, settingsOf(hub.endpoint))).rejects.toMatchObject(
      failure('ERR_MODEL_NOT_FOUND', /names no commit of org\/repo: check HF_ENDPOINT/),
    );
  });

  it('because a proxy wants a password', async () => {
    const hub = await hubOf();
    hub.fault = () => ({ status: 407 });
    await expect(locate(FILE, settingsOf(hub.endpoint))).rejects.toMatchObject(
      failure('ERR_MODEL_NOT_FOUND', /cannot be reached: .*a proxy wants a user name and a password \(407\)/),
    );
  });

  it('because it arrives damaged; nothing of it is kept', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    hub.sent.set('model-q8_0.gguf', Buffer.alloc(MODEL.length, 'other'));
    await expect(locate(FILE, settings)).rejects.toMatchObject(
      failure(
        'ERR_MODEL_INVALID',
        /^model-q8_0\.gguf arrived damaged: its checksum is .* It was removed; try/,
      ),
    );
    expect(readdirSync(join(folderOf(settings), 'blobs'))).toEqual([]);
    expect(existsSync(join(folderOf(settings), 'snapshots'))).toBe(false);
    hub.sent.clear();
    expect(sha256(readFileSync((await locate(FILE, settings)).path))).toBe(sha256(MODEL));
  });

  it('because a setting is malformed or the cache is a file', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    const cache = join(settings.cache, 'file');
    writeFileSync(cache, '');
    await expect(locate(FILE, { ...settings, cache })).rejects.toMatchObject(
      failure(
        'ERR_INVALID_OPTION',
        /^The cache .*file cannot be written: .*Set HF_HUB_CACHE to another folder/,
      ),
    );
  });

  it.skipIf(noTmpfs !== null)(
    `because the disk is full, before or while it arrives${noTmpfs === null ? '' : ` (skipped: ${noTmpfs})`}`,
    async () => {
      const hub = await hubOf();
      const small = settingsOf(hub.endpoint, { cache: tmpfs(400_000) });
      await expect(locate(FILE, small)).rejects.toMatchObject(
        failure(
          'ERR_INVALID_OPTION',
          /^model-q8_0\.gguf needs 0\.6 MB in the cache .*, but its disk has only 0\.4 MB/,
        ),
      );
      expect(hub.seen.filter(isDownload)).toHaveLength(0);

      const shared = settingsOf(hub.endpoint, { cache: tmpfs(1_000_000) });
      const filling = locate(FILE, shared, {
        onDownload: ({ bytesDone }) => {
          if (bytesDone === 0) writeFileSync(join(shared.cache, 'other'), Buffer.alloc(800_000));
        },
      });
      await expect(filling).rejects.toMatchObject(
        failure('ERR_INVALID_OPTION', /cannot be written: the disk is full\. Set HF_HUB_CACHE/),
      );
      expect(existsSync(blobOf(shared))).toBe(false);
      expect(existsSync(join(folderOf(shared), 'snapshots'))).toBe(false);
    },
  );

  it.skipIf(noTmpfs !== null)(
    `but in a cache that is read-only, for which it is enough to be there${noTmpfs === null ? '' : ` (skipped: ${noTmpfs})`}`,
    async () => {
      const hub = await hubOf();
      const settings = settingsOf(hub.endpoint, { cache: tmpfs(2_000_000) });
      const { path } = await locate(`${FILE}@${FIRST}`, settings);
      makeReadOnly(settings.cache);
      expect((await locate(FILE, settings)).path).toBe(path);
    },
  );

  it('but not for long after a process that died while it downloaded', async () => {
    const hub = await hubOf();
    const settings = settingsOf(hub.endpoint);
    await stopHalfway(hub, settings);
    const [left] = partials(settings);
    const blobs = join(folderOf(settings), 'blobs');
    mkdirSync(blobs, { recursive: true });
    // a process id that no process has
    const dead = `${sha256(MODEL)}.longembed.${processHost()}.4194999.x.incomplete`;
    writeFileSync(join(blobs, dead), readFileSync(join(blobs, left!)));
    const begin = performance.now();
    expect(sha256(readFileSync((await locate(FILE, settings)).path))).toBe(sha256(MODEL));
    expect(performance.now() - begin).toBeLessThan(20_000);
    expect(hub.seen.at(-1)!.range).toBe('bytes=100000-');
  });
});
