/** The recipes of docs/scale.md, run as they stand there. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { modelPath } from '../../models/random/cached.js';

const PAGE = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');
const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const TSX = import.meta.resolve('tsx');

const folder = mkdtempSync(join(tmpdir(), 'longembed-recipes-'));

/** The first block of a language after a heading or a bold word. */
function block(after: string, language: string): string {
  const from = PAGE.indexOf(after);
  const found = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(PAGE.slice(from))?.[1];
  if (from < 0 || found === undefined) throw new Error(`docs/scale.md has no ${language} after ${after}`);
  return found;
}

beforeAll(() => {
  const program = `#!/bin/sh\nexec '${process.execPath}' --import '${TSX}' '${MAIN}' "$@"\n`;
  writeFileSync(join(folder, 'longembed'), program);
  chmodSync(join(folder, 'longembed'), 0o755);
  copyFileSync(modelPath('bert'), join(folder, 'e5.gguf'));
  const lines = Array.from(
    { length: 40 },
    (_, i) => `{"id":"d${i}","text":"${'rent '.repeat(1 + (i % 7))}"}\n`,
  );
  writeFileSync(join(folder, 'corpus.jsonl'), lines.join(''));
  run('longembed embed corpus.jsonl --model e5.gguf --output one.jsonl --quiet', folder);
});

const PATH = `${folder}:${process.env['PATH'] ?? ''}`;

/** A folder of its own for a recipe. */
function world(): string {
  const own = mkdtempSync(join(folder, 'recipe-'));
  for (const name of ['e5.gguf', 'corpus.jsonl']) cpSync(join(folder, name), join(own, name));
  return own;
}

function run(script: string, cwd: string, env: Record<string, string> = {}): void {
  const { status, stderr } = spawnSync('sh', ['-ec', script], {
    cwd,
    env: { ...process.env, ...env, PATH },
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
}

function expectWhole(cwd: string): void {
  expect(readFileSync(join(cwd, 'vectors.jsonl')).equals(readFileSync(join(folder, 'one.jsonl')))).toBe(true);
}
const MERGE = 'longembed merge parts --output vectors.jsonl';

describe('the recipe for', () => {
  it('shards by hand', () => {
    const own = world();
    run(block('## Shards', 'sh'), own);
    expectWhole(own);
  });

  const hasParallel = spawnSync('parallel', ['--version'], { env: { ...process.env, PATH } }).status === 0;
  it.skipIf(!hasParallel)(`GNU parallel${hasParallel ? '' : ' (skipped: it is not installed)'}`, () => {
    const own = world();
    run(block('**GNU parallel**', 'sh'), own);
    expectWhole(own);
  });

  it('SLURM, with the environment of an array job', () => {
    const own = world();
    for (const task of ['0', '1', '2', '3']) {
      run(block('**SLURM**', 'sh'), own, { SLURM_ARRAY_TASK_ID: task, SLURM_ARRAY_TASK_COUNT: '4' });
    }
    run(MERGE, own);
    expectWhole(own);
  });

  it('Kubernetes, with the environment of an Indexed Job', () => {
    const command = /'(longembed embed .*)'/.exec(block('**Kubernetes**', 'yaml'))?.[1];
    if (command === undefined) throw new Error('the manifest has no command');
    const own = world();
    for (const index of ['0', '1', '2', '3']) run(command, own, { JOB_COMPLETION_INDEX: index });
    run(MERGE, own);
    expectWhole(own);
  });

  it('one shared folder, with two processes at once', async () => {
    const own = world();
    const start = (): Promise<number | null> =>
      new Promise((resolve) => {
        const env = { ...process.env, PATH };
        spawn('sh', ['-ec', block('**One shared folder**', 'sh')], { cwd: own, env, stdio: 'ignore' }).on(
          'exit',
          resolve,
        );
      });
    expect(await Promise.all([start(), start()])).toEqual([0, 0]);
    run(MERGE, own);
    expectWhole(own);
  });
});
