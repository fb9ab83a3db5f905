#!/usr/bin/env node
// `npm run release-build`: the addon for this platform, for any CPU, into prebuilds/, where node-gyp-build looks.
// GPU backends: LONGEMBED_CUDA=1 and so on, as for any build; each becomes a file beside the addon.
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { buildNative } from './lib/build-native.mjs';
import { root } from './lib/paths.mjs';
import { runMain, say } from './lib/process.mjs';

await runMain(() => {
  const out = join(root, 'build-release');
  const built = join(out, 'Release');
  rmSync(built, { recursive: true, force: true });
  buildNative({ out, target: 'longembed', define: ['LONGEMBED_RELEASE=ON'] });

  const folder = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(built)) {
    cpSync(join(built, file), join(folder, file === 'longembed.node' ? addonName() : file));
  }
  say(`prebuilds/${process.platform}-${process.arch} is ready to be packed.`);
});

/** node-gyp-build derives a Linux binary's C library from its name. */
function addonName() {
  if (process.platform !== 'linux') return 'longembed.node';
  /** @type {{ header?: { glibcVersionRuntime?: string } }} */
  const report = /** @type {any} */ (process.report.getReport());
  return `longembed.${report.header?.glibcVersionRuntime ? 'glibc' : 'musl'}.node`;
}
