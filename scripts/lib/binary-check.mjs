import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, say, ScriptError } from './process.mjs';
import { GLIBC_BASELINE } from './targets.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/** What Node looks for in an addon. */
const ENTRY = 'napi_register_module_v1';

/** Libraries that every system of a platform has, besides ggml's own beside the addon. */
const SYSTEM_LIBRARIES = {
  linux: /^(lib(c|m|pthread|dl|rt)\.so\.\d|ld-linux-[\w-]+\.so\.\d|libc\.so)$/,
  darwin: /^\/usr\/lib\/lib(System\.B|c\+\+\.1|objc\.A)\.dylib$/,
  win32: /^(kernel32|ntdll|advapi32|shell32|user32|ws2_32|bcrypt|api-ms-win-crt-[\w-]+)\.dll$/i,
};
const GGML_LIBRARY = /^(@rpath\/)?(lib)?ggml(-base)?(\.\d+)*\.(so|dll|dylib)(\.\d+)*$/;

/**
 * Checks built files without running them: the C library that they need, the libraries that they load, and that Node finds the
 * addon.
 * @param {Target} target
 * @param {string} folder with the addon and ggml's libraries
 * @throws {ScriptError} a file needs something that the target may not have
 */
export function checkBinaries(target, folder) {
  const tool = readobj();
  if (tool === null) say('llvm-readobj was not found, so the libraries that the files load are not checked.');
  for (const name of readdirSync(folder).filter((one) => /\.(node|so|dylib|dll)$/.test(one))) {
    const file = join(folder, name);
    if (target.libc === 'glibc') checkGlibc(file);
    if (tool === null) continue;
    for (const library of neededLibraries(tool, file)) {
      if (SYSTEM_LIBRARIES[target.platform].test(library) || GGML_LIBRARY.test(library)) continue;
      throw new ScriptError(`${file} loads ${library}, which ${target.name} may not have.`);
    }
    if (name === 'longembed.node') checkExports(tool, file);
  }
}

/**
 * The newest version of glibc's symbols that a file needs.
 * @param {Buffer} content
 * @returns {string | null} for example `2.28`
 */
export function newestGlibc(content) {
  const versions = [...content.toString('latin1').matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [
    Number(major),
    Number(minor),
  ]);
  const newest = versions.sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d).at(-1);
  return newest === undefined ? null : newest.join('.');
}

/** @param {string} file */
function checkGlibc(file) {
  const newest = newestGlibc(readFileSync(file));
  const [, minor = 0] = (newest ?? '').split('.').map(Number);
  const [, allowed = 0] = GLIBC_BASELINE.split('.').map(Number);
  if (minor > allowed) throw new ScriptError(`${file} needs glibc ${newest}, more than ${GLIBC_BASELINE}.`);
}

/**
 * @param {string} tool
 * @param {string} file
 * @returns {string[]}
 */
function neededLibraries(tool, file) {
  const { ok, out } = capture(tool, ['--needed-libs', file]);
  if (!ok) throw new ScriptError(`${tool} cannot read ${file}.`);
  const list = /NeededLibraries \[([^\]]*)\]/.exec(out)?.[1] ?? '';
  return list.split(/\s+/).filter(Boolean);
}

/** Node finds the addon, and nothing of ggml is visible to another addon that carries one. @param {string} tool @param {string} file */
function checkExports(tool, file) {
  const { out } = capture(tool, ['--dyn-syms', '--symbols', '--coff-exports', file]);
  if (!out.includes(ENTRY)) throw new ScriptError(`${file} does not export ${ENTRY}.`);
}

/** @returns {string | null} the name of LLVM's program that reads ELF, PE and Mach-O */
function readobj() {
  const names = [
    'llvm-readobj',
    ...[22, 21, 20, 19, 18, 17, 16, 15, 14].map((major) => `llvm-readobj-${major}`),
  ];
  return names.find((name) => capture(name, ['--version']).ok) ?? null;
}
