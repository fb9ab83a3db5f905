#!/usr/bin/env node
// Compiles cli/, lib/ and bench/ into dist/. --clean: from scratch, for a package to be published.
import process from 'node:process';
import { buildTypeScript } from './lib/build-ts.mjs';
import { runMain } from './lib/process.mjs';

await runMain(() => {
  buildTypeScript({ clean: process.argv.includes('--clean') });
});
