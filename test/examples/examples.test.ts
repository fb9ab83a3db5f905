/** The examples run as they are: copied into a new folder, with their dependencies from the registry and this checkout as longembed. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished, type TestContext } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

/** Downloads and installs on a busy machine. */
const INSTALL_MS = 240_000;
const TIMEOUT_MS = 300_000;

/** Copies the examples, and installs what one needs, and perhaps more; without that, skips the test with the reason. */
async function installed(
  name: string,
  context: TestContext,
  more: Record<string, string> = {},
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'longembed-examples-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, 'examples'), folder, { recursive: true });
  const example = join(folder, name);
  const file = join(example, 'package.json');
  const { dependencies, ...others } = JSON.parse(readFileSync(file, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const { longembed, ...foreign } = dependencies;
  expect(longembed).toBe('file:../..');
  writeFileSync(file, JSON.stringify({ ...others, dependencies: { ...foreign, ...more } }));
  const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'];
  try {
    await run('npm', install, { cwd: example, timeout: INSTALL_MS, killSignal: 'SIGKILL' });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    const names = Object.keys({ ...foreign, ...more }).join(', ');
    context.skip(`npm cannot install ${names} here: ${stderr.trim().split('\n')[0] ?? message}`);
  }
  symlinkSync(ROOT, join(example, 'node_modules', 'longembed'), 'junction');
  return example;
}

/** The lines that an example prints. */
async function linesOf(example: string, node = process.execPath): Promise<string[]> {
  const { stdout } = await run(node, ['search.mjs'], { cwd: example });
  return stdout.trim().split('\n');
}

const CLAUSE = 'lease.txt 87-151: The tenant may terminate the lease with a notice of ninety days.';

it('examples/lancedb finds the clause', { timeout: TIMEOUT_MS }, async (context) => {
  const lines = await linesOf(await installed('lancedb', context));
  expect(lines[0]).toBe(CLAUSE);
  expect(lines).toHaveLength(3);
});

it('examples/sqlite-vec finds the clause', { timeout: TIMEOUT_MS }, async (context) => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const hasSqlite = major > 22 || (major === 22 && minor >= 13);
  // Older ones have no node:sqlite: the example then runs with a newer Node from the registry.
  const newer = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const example = await installed('sqlite-vec', context, hasSqlite ? {} : { [newer]: '24' });
  const lines = await linesOf(
    example,
    hasSqlite ? process.execPath : join(example, 'node_modules', newer, 'bin', 'node'),
  );
  expect(lines[0]).toBe(CLAUSE);
  expect(lines).toHaveLength(3);
});
