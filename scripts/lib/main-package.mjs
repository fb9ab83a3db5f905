import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTypeScript } from './build-ts.mjs';
import { BUNDLED, bundleDependencies } from './bundle.mjs';
import { addCommonJs } from './commonjs.mjs';
import { packFolder } from './npm-pack.mjs';
import { packagesDir, root } from './paths.mjs';
import { packageName, sharedFields, stageLicences } from './platform-package.mjs';
import { capture, ScriptError } from './process.mjs';
import { GPU_PACKAGES, TARGETS } from './targets.mjs';

/** Fields that only a clone of the repository uses. */
const DEVELOPMENT = ['private', 'scripts', 'devDependencies', 'allowScripts'];

/**
 * Lays out the package longembed as it is published: the files that package.json names, and the platform packages as optional
 * dependencies of the same version. The repository's own package.json does without those, because `npm ci` would look for a
 * version that is not published yet.
 * @returns {string} the package's folder
 */
export function stageMainPackage() {
  buildTypeScript({ clean: true });
  mkdirSync(packagesDir, { recursive: true });
  const work = mkdtempSync(join(packagesDir, '.work-'));
  const folder = join(packagesDir, 'longembed');
  try {
    const { file } = packFolder(root, work);
    if (!capture('tar', ['-xzf', file, '-C', work]).ok) throw new ScriptError(`tar cannot unpack ${file}.`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(work, 'package'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const file = join(folder, 'package.json');
  const manifest = published(JSON.parse(readFileSync(file, 'utf8')));
  const exports = addCommonJs(folder, manifest['exports']);
  writeFileSync(file, JSON.stringify({ ...manifest, exports }, null, 2) + '\n');
  bundleDependencies(folder);
  stageLicences(folder);
  return folder;
}

/**
 * @param {Record<string, unknown>} manifest the repository's
 * @returns {Record<string, any>}
 */
export function published(manifest) {
  const kept = Object.entries(manifest).filter(([field]) => !DEVELOPMENT.includes(field));
  const { version, dependencies, peerDependencies, peerDependenciesMeta } = manifest;
  const needed = Object.entries(/** @type {Record<string, string>} */ (dependencies)).filter(
    ([name]) => !BUNDLED.includes(name),
  );
  return {
    ...Object.fromEntries(kept),
    dependencies: Object.fromEntries(needed),
    ...sharedFields(),
    // the models must be files
    preferUnplugged: true,
    optionalDependencies: each(
      TARGETS.map((target) => packageName(target)),
      version,
    ),
    // nobody gets these without adding them; whoever does gets the version that fits, and Plug'n'Play and pnpm let longembed find them
    peerDependencies: { .../** @type {object} */ (peerDependencies), ...each(GPU_PACKAGES, version) },
    peerDependenciesMeta: {
      .../** @type {object} */ (peerDependenciesMeta),
      ...each(GPU_PACKAGES, { optional: true }),
    },
  };
}

/** @param {readonly string[]} names @param {unknown} value */
function each(names, value) {
  return Object.fromEntries(names.map((name) => [name, value]));
}
