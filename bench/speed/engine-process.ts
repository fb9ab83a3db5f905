import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** How to start a process that speaks the protocol of engines/protocol.mjs. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** How long a run took, in seconds. */
export interface Round {
  readonly seconds: number;
  /** CPU time on all cores: less affected by other programs, but includes threads that spin while they wait. */
  readonly processor: number;
}

/** Linux's unit of CPU time in /proc. */
const TICKS_PER_SECOND = 100;

/** A process with a loaded model and the texts of a row. */
export class EngineProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  private constructor({ program, args }: Command) {
    this.#child = spawn(program, args);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.on('data', (text) => (this.#errors = (this.#errors + String(text)).slice(-2000)));
    this.#child.stdin.on('error', () => undefined); // the process has ended: the missing answer reports it
  }

  /** @throws Error with the process's own message when it fails */
  static async start(command: Command, sequences: readonly Int32Array[]): Promise<EngineProcess> {
    const engine = new EngineProcess(command);
    const lines = [sequences.length, ...sequences.map((ids) => ids.join(' '))];
    await engine.#ask(lines.join('\n'));
    return engine;
  }

  /** Embeds all texts. */
  async run(): Promise<Round> {
    const before = this.#processorSeconds();
    const seconds = Number(await this.#ask('run'));
    return { seconds, processor: this.#processorSeconds() - before };
  }

  /** The vectors of the last run, one row per text. */
  async vectors(count: number): Promise<number[][]> {
    const rows = [await this.#ask('vectors')];
    while (rows.length < count) rows.push(await this.#answer());
    return rows.map((row) => row.split(' ').map(Number));
  }

  /** The process's peak memory in bytes; null where the system does not report it. */
  peakMemory(): number | null {
    try {
      const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(
        readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'),
      )?.[1];
      return kilobytes === undefined ? null : Number(kilobytes) * 1024;
    } catch {
      return null;
    }
  }

  /** CPU time of all its threads since it started; NaN where the system does not report it. */
  #processorSeconds(): number {
    try {
      const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    } catch {
      return NaN;
    }
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    await ended;
  }

  #ask(command: string): Promise<string> {
    this.#child.stdin.write(`${command}\n`);
    return this.#answer();
  }

  async #answer(): Promise<string> {
    const { value, done } = (await this.#lines.next()) as IteratorResult<string, undefined>;
    if (done !== true && !value.startsWith('error ')) return value;
    if (done !== true) throw new Error(value.slice('error '.length));
    const lines = this.#errors.trim().split('\n');
    const why = lines.find((line) => line.includes('ASSERT')) ?? lines.at(-1) ?? '';
    throw new Error(`the process died${why === '' ? '' : `: ${why}`}`);
  }
}
