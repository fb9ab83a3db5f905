/** Feeds mutated model files to a process that loads and uses them, and counts how each ended. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mutate } from './mutations.js';
import { Random } from './random.js';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
/** Milliseconds of processor time after which a file counts as a hang. */
const MAX_WORK_MS = 10_000;
/** Milliseconds without an answer, after which the process is given up: on a machine that has other things to do, work waits. */
const PATIENCE = 60_000;

export interface Finding {
  /** Gives the file again: `mutate(model, new Random(seed))`. */
  readonly seed: number;
  readonly model: string;
  readonly mutation: string;
  readonly outcome: string;
  readonly stderr: string;
}

export interface Report {
  files: number;
  /** Files by how they ended: "ok" or an error code. */
  readonly outcomes: Map<string, number>;
  /** Files that only llama.cpp's own checks, or its assertions, found to be wrong: what they said, with an example's seed. */
  readonly late: Map<string, number>;
  /** Signals, hangs, vectors that are not numbers, and errors of no known code. */
  readonly findings: Finding[];
  /** The longest processor time of one file, in ms. */
  slowest: number;
}

/**
 * Tries mutated files until it has `files` of them or `seconds` have gone.
 * @param models paths of whole model files
 * @param firstSeed the mutation of file i is that of seed `firstSeed` + i
 */
export async function runMutations(
  models: readonly string[],
  { files, seconds, firstSeed }: { files: number; seconds: number; firstSeed: number },
): Promise<Report> {
  const report: Report = { files: 0, outcomes: new Map(), late: new Map(), findings: [], slowest: 0 };
  const folder = mkdtempSync(join(tmpdir(), 'longembed-mutations-'));
  const originals = models.map((path) => ({ path, bytes: readFileSync(path) }));
  const end = performance.now() + seconds * 1000;
  let worker = new Worker();
  try {
    for (let seed = firstSeed; seed < firstSeed + files && performance.now() < end; seed += 1) {
      const random = new Random(seed);
      const original = random.pick(originals);
      const { bytes, mutation } = mutate(original.bytes, random);
      const path = join(folder, 'model.gguf');
      // The worker may still have the last one mapped: a new file each time.
      rmSync(path, { force: true });
      writeFileSync(path, bytes);

      const { outcome, message, milliseconds } = await worker.outcome(path);
      report.slowest = Math.max(report.slowest, milliseconds);
      report.files += 1;
      const known = (outcome === 'ok' || /^ERR_[A-Z_]+$/.test(outcome)) && milliseconds < MAX_WORK_MS;
      const name = known ? outcome : 'FINDING';
      report.outcomes.set(name, (report.outcomes.get(name) ?? 0) + 1);
      if (/^llama\.cpp cannot load|An assertion in/.test(message)) report.late.set(general(message), seed);
      if (known) continue;
      report.findings.push({ seed, model: original.path, mutation, outcome, stderr: worker.stderr });
      worker.stop();
      worker = new Worker();
    }
  } finally {
    worker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return report;
}

/** The message without what differs from file to file. */
function general(message: string): string {
  return message.replace(/"[^"]*\.gguf"/g, '"…"').replace(/\d+/g, 'N');
}

interface Outcome {
  /** "ok", an error's code, or how else it ended. */
  outcome: string;
  message: string;
  /** Of processor time. */
  milliseconds: number;
}

class Worker {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #exit: Promise<Outcome>;
  stderr = '';

  constructor() {
    this.#process = spawn(process.execPath, [WORKER], { stdio: 'pipe' });
    this.#process.stderr.on(
      'data',
      (text: Buffer) => void (this.stderr = (this.stderr + text.toString()).slice(-4000)),
    );
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    this.#exit = once(this.#process, 'close').then(([code, signal]) => ({
      outcome: `ended with ${String(signal ?? code)}`,
      message: '',
      milliseconds: 0,
    }));
  }

  async outcome(path: string): Promise<Outcome> {
    this.#process.stdin.write(`${path}\n`);
    const patience = new AbortController();
    const hung = new Promise<Outcome>((resolve) => {
      const hang = { outcome: `hung for ${PATIENCE} ms`, message: '', milliseconds: PATIENCE };
      const timer = setTimeout(() => resolve(hang), PATIENCE);
      patience.signal.addEventListener('abort', () => clearTimeout(timer));
    });
    const line = this.#lines
      .next()
      .then(({ value, done }) => (done === true ? this.#exit : (JSON.parse(value) as Outcome)));
    try {
      return await Promise.race([line, hung]);
    } finally {
      patience.abort();
    }
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}
