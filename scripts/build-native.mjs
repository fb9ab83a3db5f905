#!/usr/bin/env node
// Builds the addon into build/Release. --out FOLDER: another build folder; --target NAME: one CMake target;
// --copy FOLDER: copies the addon there (node-gyp expects it in a separate folder).
// Environment variables select backends and more: scripts/lib/build-options.mjs, docs/building.md.
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildNative } from './lib/build-native.mjs';
import { runMain } from './lib/process.mjs';

const { values } = parseArgs({
  options: { out: { type: 'string' }, target: { type: 'string' }, copy: { type: 'string' } },
});

await runMain(() => {
  const addon = buildNative({
    ...(values.out === undefined ? {} : { out: resolve(values.out) }),
    ...(values.target === undefined ? {} : { target: values.target }),
  });
  if (values.copy !== undefined) {
    mkdirSync(values.copy, { recursive: true });
    copyFileSync(addon, join(values.copy, basename(addon)));
  }
});
