#!/usr/bin/env node
// Runs when the package is installed: uses the prebuilt addon if there is one that loads here, else builds it.
// In a checkout of the repository it does nothing: `npm start`, `npm test` and `npm run build` build there.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { buildNative } from './lib/build-native.mjs';
import { definitions } from './lib/build-options.mjs';
import { root } from './lib/paths.mjs';
import { capture, runMain, say } from './lib/process.mjs';

await runMain(() => {
  if (existsSync(join(root, 'tsconfig.json'))) return;
  const asked = process.env.npm_config_build_from_source === 'true' || definitions().length > 0;
  if (!asked && hasWorkingPrebuild()) return;
  say('building the native part from source; this takes some minutes …');
  buildNative({ target: 'longembed' });
  clearSources();
});

/** Only the addon is needed from here on; llama.cpp's source and the object files are 200 MB. */
function clearSources() {
  rmSync(join(root, 'vendor'), { recursive: true, force: true });
  for (const entry of readdirSync(join(root, 'build'))) {
    if (entry !== 'Release') rmSync(join(root, 'build', entry), { recursive: true, force: true });
  }
}

/** Whether the package carries an addon for this platform that this machine's libraries can load. */
function hasWorkingPrebuild() {
  try {
    const require = createRequire(import.meta.url);
    const addon = require('node-gyp-build').resolve(root);
    // in a separate process, which a wrong binary may crash
    return capture(process.execPath, ['-e', 'require(process.argv[1])', addon]).ok;
  } catch {
    return false;
  }
}
