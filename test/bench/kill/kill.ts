/** A benchmark that is killed again and again: what it computes twice, and what comes out in the end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('program.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface Killed {
  /** results.json of a run that nobody disturbed, and of the killed one. */
  readonly whole: string;
  readonly killed: string;
  /** Texts of the undisturbed run. */
  readonly texts: number;
  /** For every kill: the texts that were done by then, and those that had to be computed again because of it. */
  readonly kills: readonly { readonly done: number; readonly again: number }[];
}

/**
 * Runs a benchmark to its end, then runs it with a cache of its own, killed by SIGKILL so many times, and to its end.
 * @param args of `longembed bench`, all but --output and --cache
 * @param random gives numbers from 0 to 1
 */
export async function killAgainAndAgain(
  args: readonly string[],
  kills: number,
  random: () => number,
): Promise<Killed> {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-kill-'));
  const at = (name: string): string => join(folder, name);
  const command = (name: string): string[] => [
    at(`${name}.log`),
    ...['bench', ...args, '--quiet', '--cache', at(`${name}-cache`), '--output', at(`${name}-output`)],
  ];
  await finish(start(command('whole')));
  const texts = linesOf(at('whole.log')).length;

  const log = at('killed.log');
  const done: number[] = [];
  for (let left = kills; left > 0; left--) {
    const before = done.at(-1) ?? 0;
    // Somewhere in this run's share of what is left, so that there is something left for the others.
    const until = before + 1 + Math.floor((random() * 2 * (texts - before)) / (left + 1) / 1.1);
    const child = start(command('killed'));
    while (linesOf(log).length < until && child.exitCode === null) await setTimeout(1);
    await setTimeout(random() * 10);
    if (child.exitCode !== null) throw new Error(`the run ended before it was killed: ${child.exitCode}`);
    child.kill('SIGKILL');
    await ended(child);
    done.push(linesOf(log).length);
  }
  await finish(start(command('killed')));
  return {
    whole: readFileSync(join(at('whole-output'), 'results.json'), 'utf8'),
    killed: readFileSync(join(at('killed-output'), 'results.json'), 'utf8'),
    texts,
    kills: done.map((count, i) => ({
      done: count,
      again: repeated(linesOf(log), i === 0 ? 0 : (done[i - 1] ?? 0), count),
    })),
  };
}

/** Texts of a run that a later run computed again. */
function repeated(log: readonly string[], from: number, to: number): number {
  const later = new Set(log.slice(to));
  return log.slice(from, to).filter((text) => later.has(text)).length;
}

function linesOf(log: string): string[] {
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function finish(child: ChildProcess): Promise<void> {
  const code = await ended(child);
  if (code !== 0) throw new Error(`the benchmark ended with ${code}`);
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
}
