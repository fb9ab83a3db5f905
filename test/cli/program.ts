/** The program as people start it: a process of its own, with a real model. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Ended {
  /** null: a signal ended it. */
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

export interface Program {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

/** Starts `longembed`; standard input stays open until the caller ends it. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Program {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { cwd: ROOT, env });
  // A program that stops early stops reading too.
  child.stdin.on('error', () => undefined);
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (piece: Buffer) => out.push(piece));
  child.stderr.on('data', (piece: Buffer) => err.push(piece));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }),
    );
  });
  return { child, ended };
}

/** Runs `longembed` to its end. */
export async function longembed(args: readonly string[], stdin = ''): Promise<Ended> {
  const { child, ended } = start(args);
  child.stdin.end(stdin);
  return ended;
}

/** Waits until the program has written a line to standard output. */
export async function firstLine({ child }: Program): Promise<void> {
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (piece: Buffer) => {
      if (piece.includes(0x0a)) resolve();
    });
  });
}
