#!/usr/bin/env node
// `npm run cross-build -- [TARGET…]`: the addon for other platforms, with Zig as the cross compiler, each laid out as its platform
// package in build-packages/. Without targets: all of them, one after the other. --one-variant: ggml's CPU backend once instead
// of for each level of instruction sets, for a quick look.
import { parseArgs } from 'node:util';
import { crossBuild } from './lib/cross-build.mjs';
import { runMain, say, ScriptError } from './lib/process.mjs';
import { chosenTargets } from './lib/targets.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'one-variant': { type: 'boolean', default: false } },
});

await runMain(() => {
  const failed = [];
  for (const target of chosenTargets(positionals)) {
    try {
      say(`${crossBuild(target, { variants: !values['one-variant'] })} is ready to be packed.`);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      say(`${target.name}: ${error.message}`);
      failed.push(target.name);
    }
  }
  if (failed.length > 0) throw new ScriptError(`not built: ${failed.join(', ')}.`);
});
