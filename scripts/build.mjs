#!/usr/bin/env node
// `npm run build`: packages, llama.cpp, the addon and the JavaScript, each only if it is not done already.
import { prepare } from './lib/prepare.mjs';
import { runMain } from './lib/process.mjs';

await runMain(prepare);
