import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { JsonlOutput } from '../../cli/output/jsonl.js';
import { AtomicSink } from '../../cli/output/sinks.js';
import type { Manifest, Run } from '../../queue/manifest.js';
import { type OpenedPart, Part } from '../../queue/part.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'longembed-taken-'))));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const RUN: Run = {
  facts: {
    model: {
      name: 'model.gguf',
      sha256: 'a',
      architecture: 'bert',
      tokenizer: null,
      nativeContext: 16,
      specialTokens: { prefix: [], suffix: [] },
      precision: 'full',
    },
    ...{ extend: 'none', prompt: '', pooling: 'mean', normalize: true, dimensions: 2, truncate: false },
    ...{ maxTokens: null, chunks: null, vectors: 'document' },
  },
  input: { bytes: 9, fingerprint: 'b' },
  shards: 1,
  format: 'jsonl',
};

function tryPart(): Promise<OpenedPart> {
  return Part.open({ folder, shard: { index: 0, count: 1 }, run: RUN, resume: true, force: false });
}

async function openPart(): Promise<Part> {
  const opened = await tryPart();
  if (opened.state !== 'open') return expect.unreachable(opened.state);
  return opened.part;
}

/** Makes the vectors of three documents, up to one of them. */
async function embed(part: Part, upTo: number): Promise<void> {
  const documents = ['d0', 'd1', 'd2'].map((id) => ({ id, content: id }));
  const rest = part.rest(
    (async function* () {
      for (const one of documents.slice(0, upTo)) yield await Promise.resolve(one);
    })(),
    () => undefined,
  );
  for await (const { id } of rest) {
    const rows = [{ embedding: new Float32Array([1, 2]), part: null }];
    await part.output.write(id, { rows, tokens: 1, windows: 1, truncated: false });
  }
}

function complete(part: Part): Promise<Manifest> {
  const about = { version: '1', device: 'CPU', signal: new AbortController().signal };
  return part.complete(async (path) => new JsonlOutput(await AtomicSink.open(path)), about);
}

const at = (ending: string): string => join(folder, `part-00000-of-00001.${ending}`);

/** A process that was stopped for more than a minute, and the one that goes on in its place. */
async function takeOver(): Promise<{ stopped: Part; other: Part }> {
  const stopped = await openPart();
  await embed(stopped, 1);
  rmSync(join(folder, 'part-00000-of-00001.lock'));
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
  return { stopped, other: await openPart() };
}

const TAKEN = /Shard 0\/1 was taken over by another process/;
const vectors = (): string => readFileSync(join(folder, 'part-00000-of-00001.jsonl'), 'utf8');

it('a process whose part another made meanwhile leaves that as it is', async () => {
  const { stopped, other } = await takeOver();
  await embed(other, 3);
  expect((await complete(other)).counts.rows).toBe(3);
  const whole = vectors();
  await expect(complete(stopped)).rejects.toThrow(TAKEN);
  expect(vectors()).toBe(whole);
});

it('a process whose part another is making writes nothing into its journal', async () => {
  const { stopped, other } = await takeOver();
  await expect(embed(stopped, 2)).rejects.toThrow(TAKEN);
  await embed(other, 3);
  await expect(complete(stopped)).rejects.toThrow(TAKEN);
  expect(existsSync(join(folder, 'part-00000-of-00001.jsonl'))).toBe(false);
  expect((await complete(other)).counts.rows).toBe(3);
  expect(vectors().trimEnd().split('\n')).toHaveLength(3);
});

it.runIf(process.platform === 'linux')('a process that a container hides is not taken for dead', async () => {
  const part = await openPart();
  const mine = JSON.parse(readFileSync(at('lock'), 'utf8')) as Record<string, unknown>;
  await part.close();
  expect(mine['host']).not.toBe(hostname()); // which containers may share
  const gone = { ...mine, pid: spawnSync('true').pid };
  writeFileSync(at('lock'), JSON.stringify({ ...gone, host: 'of another container' }));
  expect((await tryPart()).state).toBe('taken');
  writeFileSync(at('lock'), JSON.stringify(gone));
  await (await openPart()).close();
});

it('a lock that cannot be written keeps nobody away', async () => {
  const file = await open(at('any'), 'w');
  const write = vi.spyOn(Object.getPrototypeOf(file) as typeof file, 'write');
  await file.close();
  write.mockRejectedValueOnce(Object.assign(new Error('full'), { code: 'ENOSPC' }));
  await expect(openPart()).rejects.toThrow(/part-00000-of-00001\.lock: the disk is full/);
  expect(existsSync(at('lock'))).toBe(false);
  await (await openPart()).close();
});

it('a journal that lost documents makes no part', async () => {
  const part = await openPart();
  await embed(part, 3);
  const journal = readFileSync(at('journal'));
  journal[Math.floor(journal.length / 2)]! ^= 1;
  writeFileSync(at('journal'), journal);
  await expect(complete(part)).rejects.toThrow(
    /part-00000-of-00001\.journal has 1 document, and 3 were written to it: remove it, and do shard 0\/1 again/,
  );
  expect(existsSync(at('jsonl'))).toBe(false);
  expect(existsSync(at('json'))).toBe(false);
});
