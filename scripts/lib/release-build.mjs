import { rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { checkBinaries } from './binary-check.mjs';
import { buildNative } from './build-native.mjs';
import { root } from './paths.mjs';
import { stagePlatformPackage } from './platform-package.mjs';
import { ScriptError } from './process.mjs';
import { MACOS_BASELINE, thisTarget } from './targets.mjs';

/**
 * Builds the addon and ggml's libraries for any CPU of this platform, with this machine's compiler, and lays out their package.
 * @returns {string} the package's folder
 * @throws {ScriptError} the platform has no package, or the build failed
 */
export function releaseBuild() {
  const target = thisTarget();
  if (target === undefined) {
    throw new ScriptError(`There is no package for ${process.platform}-${process.arch}.`);
  }
  const out = join(root, 'build-release');
  const built = join(out, 'Release');
  rmSync(built, { recursive: true, force: true });
  const isMac = target.platform === 'darwin';
  buildNative({
    out,
    target: 'longembed',
    define: ['LONGEMBED_RELEASE=ON', ...(isMac ? [`CMAKE_OSX_DEPLOYMENT_TARGET=${MACOS_BASELINE}`] : [])],
  });
  // elsewhere what is published comes from Zig; a build here needs this machine's C library
  if (isMac) checkBinaries(target, built);
  return stagePlatformPackage(target, built);
}
