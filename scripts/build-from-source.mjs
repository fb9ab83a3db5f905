#!/usr/bin/env node
// What `longembed build` runs: builds the addon into build/Release of the installed package, where it is preferred over the
// platform package. Environment variables select backends and more: docs/building.md.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildNative } from './lib/build-native.mjs';
import { root } from './lib/paths.mjs';
import { runMain, say } from './lib/process.mjs';

await runMain(() => {
  say('building the native part from source; this takes some minutes …');
  const addon = buildNative({ target: 'longembed' });
  // a clone of the repository goes on to be worked in
  if (!existsSync(join(root, 'tsconfig.json'))) clearSources();
  say(`longembed uses ${addon} from now on; delete it to go back to the prebuilt one.`);
});

/** Only the addon is needed from here on; llama.cpp's source and the object files are 200 MB. */
function clearSources() {
  rmSync(join(root, 'vendor'), { recursive: true, force: true });
  for (const entry of readdirSync(join(root, 'build'))) {
    if (entry !== 'Release') rmSync(join(root, 'build', entry), { recursive: true, force: true });
  }
}
