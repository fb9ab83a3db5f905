#!/usr/bin/env node
// Publishes the tarballs of a folder, the platform packages before longembed, which names them. A version that is there already is
// passed over, so that a run that broke off can be repeated.
//
//   node scripts/publish.mjs DIR [--dry-run] [--no-provenance] [--without-metal]
//
// --without-metal: packages for macOS that Zig built too; they run on the processor alone.
// Provenance statements are made in a GitHub workflow with the permission id-token: write.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { capture, npmCommand, run, runMain, say, ScriptError } from './lib/process.mjs';
import { packageName, readManifest } from './lib/platform-package.mjs';
import { TARGETS } from './lib/targets.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'dry-run': { type: 'boolean', default: false },
    'no-provenance': { type: 'boolean', default: false },
    'without-metal': { type: 'boolean', default: false },
  },
});

await runMain(() => {
  const [folder] = positionals;
  if (folder === undefined) throw new ScriptError('give the folder with the tarballs.');
  const found = readdirSync(folder)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => ({ file: join(folder, name), ...manifestOf(join(folder, name)) }));
  const { version } = readManifest();
  const names = [...TARGETS.map((target) => packageName(target)), 'longembed'];
  const missing = names.filter((name) => !found.some((one) => one.name === name));
  if (missing.length > 0) throw new ScriptError(`${folder} has no tarball of ${missing.join(', ')}.`);
  const strays = found.filter((one) => one.version !== version).map(({ file }) => file);
  if (strays.length > 0) throw new ScriptError(`not version ${version}: ${strays.join(', ')}.`);

  const slow = found.filter(({ os, file }) => os?.includes('darwin') && !has(file, 'ggml-metal'));
  if (slow.length > 0 && !values['without-metal']) {
    throw new ScriptError(
      `without Metal: ${slow.map(({ file }) => file).join(', ')}. Pack them on macOS, or give --without-metal.`,
    );
  }

  const last = (/** @type {{ name: string }} */ one) => Number(one.name === 'longembed');
  for (const one of found.sort((a, b) => last(a) - last(b))) {
    if (isPublished(one.name, version)) say(`${one.name}@${version} is published already.`);
    else publish(one.file);
  }
});

/** @param {string} file a tarball @param {string} name part of a file's name in it */
function has(file, name) {
  return capture('tar', ['-tzf', file]).out.includes(name);
}

/** @param {string} file @returns {{ name: string, version: string, os?: string[] }} */
function manifestOf(file) {
  const { ok, out } = capture('tar', ['-xzOf', file, 'package/package.json']);
  if (!ok) throw new ScriptError(`${file} is not a package.`);
  return JSON.parse(out);
}

/** @param {string} name @param {string} version */
function isPublished(name, version) {
  const [npm, args] = npmCommand(['view', `${name}@${version}`, 'version']);
  const { ok, out } = capture(npm, args);
  return ok && out.trim() === version;
}

/** @param {string} file */
function publish(file) {
  const [npm, args] = npmCommand([
    ...['publish', file, '--access', 'public'],
    ...(values['no-provenance'] ? [] : ['--provenance']),
    ...(values['dry-run'] ? ['--dry-run'] : []),
  ]);
  if (run(npm, args) !== 0)
    throw new ScriptError(`${file} was not published; what comes after it was not tried.`);
  process.stdout.write(`${values['dry-run'] ? 'could be published' : 'published'}: ${file}\n`);
}
