#!/usr/bin/env node
// `npm run release-build`: the addon for this platform, for any CPU, laid out as its platform package in build-packages/.
// GPU backends: LONGEMBED_CUDA=1 and so on, as for any build; each becomes a file beside the addon, and the package's name ends
// in it.
import { releaseBuild } from './lib/release-build.mjs';
import { runMain, say } from './lib/process.mjs';

await runMain(() => {
  say(`${releaseBuild()} is ready to be packed.`);
});
