/** What the machine does to `longembed embed`: signals at any time, pipes that close, disks that fill up, too little memory. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { computes, engineProcesses, kill, until } from '../isolate/processes.js';
import { modelPath } from '../../models/random/cached.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.js');
const model = modelPath('jina-bert-v3');
const folder = mkdtempSync(join(tmpdir(), 'longembed-faults-'));
const words = 'the state of the house on the hill was not what they had said ';
const corpus = join(folder, 'corpus.jsonl');
const DOCUMENTS = 400;
writeFileSync(
  corpus,
  Array.from(
    { length: DOCUMENTS },
    (_, i) => `${JSON.stringify({ id: i, text: words.repeat(1 + (i % 40)) })}\n`,
  ).join(''),
);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An empty folder for a run's output. */
function place(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

interface Ended {
  code: number | null;
  signal: string | null;
  stderr: string;
}

function embed(output: string, ...args: string[]): ChildProcess & { ended: Promise<Ended> } {
  const all = [
    MAIN,
    'embed',
    corpus,
    '-m',
    model,
    '--extend',
    'pcw:4k',
    '--threads',
    '1',
    '-o',
    output,
    ...args,
  ];
  // A group of its own, as a terminal makes one for each command.
  const child = spawn(process.execPath, all, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stderr }));
  });
  return Object.assign(child, { ended });
}

/** What a JSONL file holds; throws when a line is not whole. */
const idsIn = (path: string): number[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { id: number }).id);

/** Rows of a NumPy file by its header; throws when it has fewer. */
function rowsIn(path: string): number {
  const bytes = readFileSync(path);
  const [, rows, columns] = /'shape': \((\d+), (\d+)\)/.exec(bytes.subarray(0, 128).toString())!;
  expect(bytes.length).toBeGreaterThanOrEqual(128 + 4 * Number(rows) * Number(columns));
  return Number(rows);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe.each(['SIGINT', 'SIGTERM'] as const)('%s to the process group', (signal) => {
  const code = signal === 'SIGINT' ? 130 : 143;

  // While Node starts, the model loads, the first documents are computed, and later.
  it.each([0, 60, 120, 200, 300, 450])(
    'after %s ms leaves whole lines, no other file and no process',
    async (delay) => {
      const output = place(`${signal}-${delay}`);
      const program = embed(join(output, 'vectors.jsonl'));
      await sleep(delay);
      process.kill(-program.pid!, signal);
      const ended = await program.ended;
      // Before the program listens, the signal ends it as it ends any.
      if (ended.signal === null) expect([code, 0]).toContain(ended.code);
      else expect(ended.signal).toBe(signal);
      const files = readdirSync(output);
      if (files.length > 0) {
        expect(files).toEqual(['vectors.jsonl']);
        const ids = idsIn(join(output, 'vectors.jsonl'));
        expect(ids).toEqual(upTo(ids.length));
      }
      expect(engineProcesses(program.pid)).toEqual([]);
    },
  );

  it('twice ends at once, with the finished rows in the file', async () => {
    const output = place(`${signal}-twice`);
    const program = embed(join(output, 'vectors.npy'));
    await until(() =>
      readdirSync(output).some((file) => file.endsWith('.partial') && rowsWritten(join(output, file)) > 2),
    );
    const [pid] = engineProcesses(program.pid);
    process.kill(-program.pid!, signal);
    process.kill(-program.pid!, signal);
    await program.ended;
    expect(readdirSync(output)).toEqual(['vectors.npy']);
    expect(rowsIn(join(output, 'vectors.npy'))).toBeGreaterThan(2);
    await until(() => !computes(pid!));
  });
});

function rowsWritten(path: string): number {
  return readFileSync(path).length >= 128 ? rowsIn(path) : 0;
}

it('the engine process is killed: its documents fail, the others are written', async () => {
  const output = join(place('killed'), 'vectors.jsonl');
  const program = embed(output);
  await until(() => existsSync(output) && readFileSync(output).length > 1000);
  for (const pid of engineProcesses(program.pid)) kill(pid);
  const { code, stderr } = await program.ended;
  // A batch of many documents is tried again, one by one: mostly none is lost.
  expect([0, 1]).toContain(code);
  const failed = [...stderr.matchAll(/ERR_BACKEND: The process that computes was ended by SIGKILL/g)].length;
  expect(idsIn(output)).toHaveLength(DOCUMENTS - failed);
});

it('a reader that goes away ends the program quietly', () => {
  const command = `"${process.execPath}" "${MAIN}" embed "${corpus}" -m "${model}" --extend pcw:4k -q | head -n 2; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8', timeout: 30_000 });
  const lines = stdout.trim().split('\n');
  expect(lines.slice(0, 2).map((line) => (JSON.parse(line) as { id: number }).id)).toEqual([0, 1]);
  expect([lines[2], stderr]).toEqual(['0', '']);
});

/** A disk of so many KiB; null where none can be made, which takes root. */
function smallDisk(kibibytes: number): string | null {
  const path = mkdtempSync(join(tmpdir(), 'longembed-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', path]);
  if (status === 0) return path;
  rmSync(path, { recursive: true });
  return null;
}

const disk = process.platform === 'linux' ? smallDisk(64) : null;
afterAll(() => {
  if (disk === null) return;
  spawnSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

describe.skipIf(disk === null)('a disk that fills up (on Linux, as root)', () => {
  it.each([
    ['jsonl', idsIn],
    ['npy', rowsIn],
  ] as const)('is said, and what %s has is whole', async (format, read) => {
    const output = join(disk!, `vectors.${format}`);
    const { code, stderr } = await embed(output, '-q').ended;
    expect(stderr).toBe(`longembed: Cannot write to ${output}: the disk is full.\n`);
    expect(code).toBe(2);
    expect(readdirSync(disk!)).toEqual([`vectors.${format}`]);
    const got = read(output);
    expect(typeof got === 'number' ? got : got.length).toBeGreaterThan(10);
    rmSync(output);
  });
});

describe.skipIf(process.platform !== 'linux')('too little memory (on Linux, by ulimit -v)', () => {
  const core = join(ROOT, 'build/longembed-core');
  const long = Array.from({ length: 12_000 }, (_, i) => 1 + (i % 900)).join(' ');
  const run = (kibibytes: number, input: string) =>
    spawnSync('bash', ['-c', `ulimit -v ${kibibytes}; exec "${core}" "${model}" --threads 1`], {
      input,
      encoding: 'utf8',
    });

  it.each([60_000, 140_000, 220_000, 300_000, 380_000])('of %s KiB is an error, or enough', (kibibytes) => {
    for (const input of ['5 6 7', long]) {
      const { status, signal, stderr } = run(kibibytes, input);
      expect(signal).toBeNull();
      if (status !== 0) expect(stderr).toMatch(/^ERR_OUT_OF_MEMORY: |error while loading shared libraries/);
    }
  });

  it('for a long text is still enough for a short one', () => {
    const sizes = Array.from({ length: 50 }, (_, i) => 150_000 + 10_000 * i);
    const enough = sizes.find((size) => run(size, '5 6 7').status === 0);
    expect(enough).toBeDefined();
    // many times as long, and refused before anything is computed
    const longer = Array.from({ length: 400_000 }, (_, i) => 1 + (i % 900)).join(' ');
    expect(run(enough!, longer)).toMatchObject({ status: 2, signal: null });
    expect(run(2_000_000, long).status).toBe(0);
  });
});
