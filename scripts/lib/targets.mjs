import process from 'node:process';
import { ScriptError } from './process.mjs';

/**
 * @typedef {object} Target a platform that prebuilt binaries are made for
 * @property {string} name of its package, `@longembed/<name>`
 * @property {'linux' | 'darwin' | 'win32'} platform as in `process.platform`
 * @property {'x64' | 'arm64'} arch as in `process.arch`
 * @property {'glibc' | 'musl'} [libc] of Linux
 * @property {string} triple zig's name of it; glibc's version is the oldest that the binary loads with
 */

/** Debian 10, Ubuntu 20.04, Red Hat 8 and everything later; what Node's own binaries need. */
export const GLIBC_BASELINE = '2.28';

/** The oldest macOS that binaries are built for. */
export const MACOS_BASELINE = '11.0';

/** @type {readonly Target[]} */
export const TARGETS = [
  {
    name: 'linux-x64',
    platform: 'linux',
    arch: 'x64',
    libc: 'glibc',
    triple: `x86_64-linux-gnu.${GLIBC_BASELINE}`,
  },
  {
    name: 'linux-arm64',
    platform: 'linux',
    arch: 'arm64',
    libc: 'glibc',
    triple: `aarch64-linux-gnu.${GLIBC_BASELINE}`,
  },
  { name: 'linuxmusl-x64', platform: 'linux', arch: 'x64', libc: 'musl', triple: 'x86_64-linux-musl' },
  { name: 'linuxmusl-arm64', platform: 'linux', arch: 'arm64', libc: 'musl', triple: 'aarch64-linux-musl' },
  { name: 'darwin-x64', platform: 'darwin', arch: 'x64', triple: `x86_64-macos.${MACOS_BASELINE}` },
  { name: 'darwin-arm64', platform: 'darwin', arch: 'arm64', triple: `aarch64-macos.${MACOS_BASELINE}` },
  { name: 'win32-x64', platform: 'win32', arch: 'x64', triple: 'x86_64-windows-gnu' },
  { name: 'win32-arm64', platform: 'win32', arch: 'arm64', triple: 'aarch64-windows-gnu' },
];

/**
 * Packages with a GPU backend, which users add beside longembed: the target and the backend of each, joined as in its name.
 * Metal is part of the packages for macOS.
 */
export const GPU_PACKAGES = ['linux-x64', 'win32-x64'].flatMap((target) =>
  ['cuda', 'vulkan'].map((backend) => `@longembed/${target}-${backend}`),
);

/**
 * @param {readonly string[]} names none: all
 * @returns {readonly Target[]}
 * @throws {ScriptError} a name that is not one
 */
export function chosenTargets(names) {
  for (const name of names) {
    if (TARGETS.some((target) => target.name === name)) continue;
    throw new ScriptError(
      `${name} is no target: the targets are ${TARGETS.map((one) => one.name).join(', ')}.`,
    );
  }
  return names.length === 0 ? TARGETS : TARGETS.filter((target) => names.includes(target.name));
}

/**
 * The target that this process runs on.
 * @returns {Target | undefined} undefined: none of them
 */
export function thisTarget() {
  const { platform, arch } = process;
  const libc = platform === 'linux' ? runningLibc() : undefined;
  return TARGETS.find(
    (target) => target.platform === platform && target.arch === arch && target.libc === libc,
  );
}

/** @returns {'glibc' | 'musl'} */
function runningLibc() {
  /** @type {{ header?: { glibcVersionRuntime?: string } }} */
  const report = /** @type {any} */ (process.report.getReport());
  return report.header?.glibcVersionRuntime ? 'glibc' : 'musl';
}
