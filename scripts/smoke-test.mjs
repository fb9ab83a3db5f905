#!/usr/bin/env node
// Installs packed tarballs as users will, each package manager in an empty folder of its own, with scripts off and no compiler
// within reach, and embeds a text: imported, required, and on the command line.
//
//   node scripts/smoke-test.mjs DIR [npm|pnpm|yarn|yarn1|bun|deno …]     default: npm; DIR is what `npm run pack` wrote
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { startLocalRegistry } from './lib/local-registry.mjs';
import { runMain, say, ScriptError } from './lib/process.mjs';
import { MANAGERS, smokeTest } from './lib/smoke-test.mjs';

const { positionals } = parseArgs({ allowPositionals: true });

await runMain(async () => {
  const [folder, ...managers] = positionals;
  if (folder === undefined) throw new ScriptError('give the folder with the tarballs.');
  for (const name of managers) {
    if (!(name in MANAGERS)) throw new ScriptError(`${name} is none of ${Object.keys(MANAGERS).join(', ')}.`);
  }
  const registry = await startLocalRegistry(resolve(folder));
  const failed = [];
  try {
    for (const name of managers.length === 0 ? ['npm'] : managers) {
      const work = mkdtempSync(join(tmpdir(), 'longembed-smöke test-'));
      try {
        say(`${name}: ${await smokeTest(/** @type {keyof typeof MANAGERS} */ (name), work, registry.url)}`);
      } catch (error) {
        if (!(error instanceof ScriptError)) throw error;
        say(`${name}: ${error.message}`);
        failed.push(name);
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    }
  } finally {
    registry.close();
  }
  if (failed.length > 0) throw new ScriptError(`failed with ${failed.join(', ')}.`);
  process.stdout.write('every installation works\n');
});
