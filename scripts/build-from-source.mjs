#!/usr/bin/env node
// What `longembed build` runs: builds the addon into build/Release of the installed package, where it is preferred over the
// platform package. Environment variables select backends and more: docs/building.md.
import { accessSync, constants, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildNative } from './lib/build-native.mjs';
import { root } from './lib/paths.mjs';
import { runMain, say, ScriptError } from './lib/process.mjs';

await runMain(() => {
  checkFolder();
  say('building the native part from source; this takes some minutes …');
  const addon = buildNative({ target: 'longembed' });
  // a clone of the repository goes on to be worked in
  if (!existsSync(join(root, 'tsconfig.json'))) clearSources();
  say(`longembed uses ${addon} from now on; delete it to go back to the prebuilt one.`);
});

/** The build is for this package, and lies in its folder. */
function checkFolder() {
  try {
    accessSync(root, constants.W_OK);
  } catch (error) {
    const { code } = /** @type {Error & { code: string }} */ (error);
    throw new ScriptError(
      `${root} cannot be written to (${code}): build as the user who installed longembed, or install it in a folder of your own.`,
    );
  }
}

/** Only the addon is needed from here on; llama.cpp's source and the object files are 200 MB. */
function clearSources() {
  rmSync(join(root, 'vendor'), { recursive: true, force: true });
  for (const entry of readdirSync(join(root, 'build'))) {
    if (entry !== 'Release') rmSync(join(root, 'build', entry), { recursive: true, force: true });
  }
}
