/** What gets into an installation: SECURITY.md promises it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../scripts/lib/paths.mjs';

interface Manifest {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  scripts: Record<string, string>;
  allowScripts: Record<string, boolean>;
  gypfile: boolean;
  files: string[];
}

interface Lock {
  packages: Record<string, { integrity?: string; hasInstallScript?: boolean; link?: boolean }>;
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));
const manifest = read('package.json') as Manifest;
const packages = Object.entries((read('package-lock.json') as Lock).packages).filter(([path]) => path !== '');

it('every package is pinned: an exact version, and a checksum in the lock file', () => {
  for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies })) {
    expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
  }
  for (const [path, { integrity }] of packages)
    expect([path, integrity]).toEqual([path, expect.stringMatching(/^sha512-/)]);
});

it('nothing runs when the package is installed', () => {
  const own = Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name));
  expect(own).toEqual([]);
  // npm would build a package that has a binding.gyp, as the repository does
  expect(manifest.gypfile).toBe(false);
  expect(manifest.files).not.toContain('binding.gyp');
  const others = packages.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  const names = others.map(([path]) => path.replace(/^.*node_modules\//, ''));
  for (const name of names) expect([name, manifest.allowScripts[name]]).toEqual([name, false]);
});

it('every action of the workflows is pinned to a commit, with its version beside it', () => {
  const folder = join(root, '.github', 'workflows');
  const used = readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(
      ([, action]) => action,
    ),
  );
  expect(used.length).toBeGreaterThan(0);
  for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});
