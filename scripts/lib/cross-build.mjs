import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { checkBinaries } from './binary-check.mjs';
import { cmake, configureArguments, parallelJobs } from './build-native.mjs';
import { definitions } from './build-options.mjs';
import { fetchLlama } from './fetch-llama.mjs';
import { root } from './paths.mjs';
import { stagePlatformPackage, zigLicences } from './platform-package.mjs';
import { say } from './process.mjs';
import { findZig, writeToolchain } from './zig.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

const SYSTEMS = { linux: 'Linux', darwin: 'Darwin', win32: 'Windows' };

/**
 * Builds the addon and ggml's libraries for another platform with Zig, checks the files and lays out their package.
 * @param {Target} target
 * @param {object} [options]
 * @param {boolean} [options.variants] the CPU backend for each level of instruction sets
 * @returns {string} the package's folder
 * @throws {ScriptError} Zig is missing, the build failed, or its files are not what the target needs
 */
export function crossBuild(target, { variants = true } = {}) {
  const zig = findZig();
  const out = join(root, 'build-cross', target.name);
  const toolchain = join(out, 'toolchain');
  writeToolchain(toolchain, zig, target);
  if (!process.env['LONGEMBED_LLAMA_DIR']) fetchLlama();

  say(`building for ${target.name}${target.platform === 'darwin' ? ', without Metal,' : ''} …`);
  // CMake stores options of earlier configurations in it, which would stay in effect
  rmSync(join(out, 'CMakeCache.txt'), { force: true });
  rmSync(join(out, 'Release'), { recursive: true, force: true });
  cmake(
    'configure',
    configureArguments(out, [...crossDefinitions(target, toolchain, variants), ...definitions()]),
  );
  cmake('build', ['--build', out, ...parallelJobs(), '--target', 'longembed']);

  const built = join(out, 'Release');
  checkBinaries(target, built);
  return stagePlatformPackage(target, built, {
    licences: gatherLicences(zig, target, join(out, 'licences')),
  });
}

/**
 * @param {Target} target
 * @param {string} toolchain
 * @param {boolean} variants
 */
function crossDefinitions(target, toolchain, variants) {
  // ggml has no variants for ARM on Windows
  const hasVariants = variants && target.name !== 'win32-arm64';
  return [
    `CMAKE_TOOLCHAIN_FILE=${join(root, 'cmake', 'zig.cmake')}`,
    `LONGEMBED_ZIG_DIR=${toolchain}`,
    `LONGEMBED_TARGET_SYSTEM=${SYSTEMS[target.platform]}`,
    `LONGEMBED_TARGET_PROCESSOR=${processor(target)}`,
    'LONGEMBED_RELEASE=ON',
    // Zig has a cache of its own
    'GGML_CCACHE=OFF',
    `LONGEMBED_CPU_VARIANTS=${hasVariants ? 'ON' : 'OFF'}`,
    // Apple's frameworks are not there: the release workflow builds for macOS on macOS
    ...(target.platform === 'darwin' ? ['GGML_METAL=OFF', 'GGML_ACCELERATE=OFF', 'GGML_BLAS=OFF'] : []),
  ];
}

/** @param {Target} target */
function processor({ platform, arch }) {
  if (arch === 'x64') return 'x86_64';
  return platform === 'darwin' ? 'arm64' : 'aarch64';
}

/**
 * @param {string} zig
 * @param {Target} target
 * @param {string} folder
 */
function gatherLicences(zig, target, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, file] of Object.entries(zigLicences(zig, target))) copyFileSync(file, join(folder, name));
  return folder;
}
