/** The vectors that the smoke tests of every platform compare with are those of the models in this checkout. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../scripts/lib/paths.mjs';

const FIXTURE = join(root, 'test', 'fixtures', 'platform-vectors.json');
const isBuilt = existsSync(join(root, 'build', 'Release', 'longembed.node'));

// after a change of the models: node scripts/check-platform.mjs PROJECT --write test/fixtures/platform-vectors.json
it.skipIf(!isBuilt)('every platform is compared with the vectors of these models', () => {
  const project = mkdtempSync(join(tmpdir(), 'longembed-project-'));
  try {
    mkdirSync(join(project, 'node_modules'));
    symlinkSync(root, join(project, 'node_modules', 'longembed'), 'junction');
    const check = join(root, 'scripts', 'check-platform.mjs');
    const done = spawnSync(process.execPath, [check, project, '--compare', FIXTURE], { encoding: 'utf8' });
    expect(done.stderr).toBe('');
    expect(done.stdout).toMatch(/21 vectors, worst 1 - cosine/);
    expect(done.stdout).not.toContain('failed:');
    expect(done.status).toBe(0);
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
});
