#!/usr/bin/env node
// Compiles cli/, lib/ and bench/ into dist/.
import { buildTypeScript } from './lib/build-ts.mjs';
import { runMain } from './lib/process.mjs';

await runMain(() => {
  buildTypeScript();
});
