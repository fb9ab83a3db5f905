#!/usr/bin/env node
// `npm run pack -- --output DIR`: writes the tarballs of longembed and of this machine's platform package, which is built first.
// --target NAME[,NAME…], or --target all: platform packages that scripts/cross-build.mjs builds, instead of this machine's.
// --native: this machine's platform package out of build/Release, for its processor only: quick, for tests, not for publication.
// --no-build: packs the platform packages that lie in build-packages/ already.
import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { crossBuild } from './lib/cross-build.mjs';
import { stageMainPackage } from './lib/main-package.mjs';
import { packFolder } from './lib/npm-pack.mjs';
import { packagesDir, root } from './lib/paths.mjs';
import { stagePlatformPackage } from './lib/platform-package.mjs';
import { runMain, say, ScriptError } from './lib/process.mjs';
import { releaseBuild } from './lib/release-build.mjs';
import { chosenTargets, thisTarget } from './lib/targets.mjs';

const { values } = parseArgs({
  options: {
    output: { type: 'string' },
    target: { type: 'string' },
    native: { type: 'boolean' },
    'no-build': { type: 'boolean' },
  },
});

await runMain(() => {
  if (values.output === undefined) throw new ScriptError('--output DIR says where to write the tarballs.');
  const output = resolve(values.output);
  mkdirSync(output, { recursive: true });
  for (const folder of [...platformPackages(), stageMainPackage()]) {
    const { file, bytes, unpackedBytes, files } = packFolder(folder, output);
    say(`${file}: ${files} files, ${megabytes(bytes)} MB, ${megabytes(unpackedBytes)} MB unpacked`);
  }
});

/** @returns {string[]} folders */
function platformPackages() {
  if (values['no-build']) {
    const staged = readdirSync(packagesDir).filter((name) => name.startsWith('@longembed-'));
    return staged.map((name) => join(packagesDir, name));
  }
  const here = thisTarget();
  if (values.native && here !== undefined)
    return [stagePlatformPackage(here, join(root, 'build', 'Release'))];
  if (values.target === undefined) return [releaseBuild()];
  const names = values.target === 'all' ? [] : values.target.split(',');
  return chosenTargets(names).map((target) => crossBuild(target));
}

/** @param {number} bytes */
function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}
