import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { JsonlOutput } from '../../cli/output/jsonl.js';
import { AtomicSink } from '../../cli/output/sinks.js';
import type { Manifest, Run } from '../../queue/manifest.js';
import { Part } from '../../queue/part.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'longembed-taken-'))));
afterEach(() => vi.useRealTimers());

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

async function openPart(): Promise<Part> {
  const options = { folder, shard: { index: 0, count: 1 }, run: RUN, resume: true, force: false };
  const opened = await Part.open(options);
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
