#!/usr/bin/env node
// Compiles lib/ and bench/ into dist/. --clean: from nothing, for a package that is published.
import process from 'node:process';
import { buildTypeScript } from './lib/build-ts.mjs';
import { runMain } from './lib/process.mjs';

await runMain(() => {
  buildTypeScript({ clean: process.argv.includes('--clean') });
});
