import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { capture, say, ScriptError } from './process.mjs';
import { GLIBC_BASELINE, MACOS_BASELINE } from './targets.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/** What Node looks for in an addon. */
const ENTRY = 'napi_register_module_v1';

/** Libraries that every system of a platform has, besides ggml's own beside the addon. */
const SYSTEM_LIBRARIES = {
  linux: /^(lib(c|m|pthread|dl|rt)\.so\.\d|ld-linux-[\w-]+\.so\.\d|libc\.so)$/,
  darwin:
    /^(\/usr\/lib\/lib(System\.B|c\+\+\.1|objc\.A)\.dylib|\/System\/Library\/Frameworks\/(Accelerate|CoreFoundation|CoreGraphics|Foundation|Metal|MetalKit)\.framework\/.*)$/,
  win32: /^(kernel32|ntdll|advapi32|shell32|user32|ws2_32|bcrypt|api-ms-win-crt-[\w-]+)\.dll$/i,
};
/** What only the Node version has that a file was built for: with nothing of it, one file serves Node, Electron, Bun and Deno. */
const NOT_NODE_API = /\b_?(_ZN2v8\w+|_ZN4node\w+|uv_\w+)/;
/** What fails in Electron, whose memory cage allows JavaScript no memory that V8 did not allocate. */
const NOT_IN_ELECTRON = /\b_?(napi_create_external_(?:array)?buffer)\b/;
/** LLVM's names of architectures. */
const ARCHITECTURES = { x64: 'x86_64', arm64: 'aarch64' };
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
    if (target.platform === 'darwin') checkMacos(file);
    if (tool === null) continue;
    checkArchitecture(tool, file, target);
    for (const library of neededLibraries(tool, file)) {
      if (SYSTEM_LIBRARIES[target.platform].test(library) || GGML_LIBRARY.test(library)) continue;
      if (target.platform === 'darwin' && basename(library) === name) continue; // a library's own name is in the list
      throw new ScriptError(`${file} loads ${library}, which ${target.name} may not have.`);
    }
    if (name === 'longembed.node') checkSymbols(tool, file);
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
 * The oldest macOS that a Mach-O file is for.
 * @param {Buffer} content of a 64-bit file
 * @returns {string | null} for example `11.0`; null: it does not say
 */
export function oldestMacos(content) {
  const [HEADER_BYTES, VERSION_MIN_MACOSX, BUILD_VERSION] = [32, 0x24, 0x32];
  if (content.length < HEADER_BYTES) return null;
  const commands = content.readUInt32LE(16);
  for (let i = 0, at = HEADER_BYTES; i < commands; i++, at += content.readUInt32LE(at + 4)) {
    const command = content.readUInt32LE(at);
    if (command !== VERSION_MIN_MACOSX && command !== BUILD_VERSION) continue;
    const version = content.readUInt32LE(at + (command === BUILD_VERSION ? 12 : 8));
    return `${version >>> 16}.${(version >>> 8) & 0xff}`;
  }
  return null;
}

/** @param {string} file */
function checkMacos(file) {
  const oldest = oldestMacos(readFileSync(file));
  if (oldest !== MACOS_BASELINE)
    throw new ScriptError(`${file} is for macOS ${oldest ?? 'of any version'}, not ${MACOS_BASELINE}.`);
}

/** @param {string} tool @param {string} file @param {Target} target */
function checkArchitecture(tool, file, { arch, name }) {
  const found = /^Arch: (\S+)/m.exec(capture(tool, ['--file-headers', file]).out)?.[1];
  if (found !== ARCHITECTURES[arch]) throw new ScriptError(`${file} is for ${found}, not for ${name}.`);
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

/** Node finds the addon, which uses nothing of Node but Node-API. @param {string} tool @param {string} file */
function checkSymbols(tool, file) {
  const { out } = capture(tool, ['--dyn-syms', '--symbols', '--coff-exports', '--coff-imports', file]);
  if (!out.includes(ENTRY)) throw new ScriptError(`${file} does not export ${ENTRY}.`);
  const other = NOT_NODE_API.exec(out);
  if (other !== null) throw new ScriptError(`${file} uses ${other[1]}, which is not part of Node-API.`);
  const external = NOT_IN_ELECTRON.exec(out);
  if (external !== null) throw new ScriptError(`${file} uses ${external[1]}, which Electron refuses.`);
}

/** @returns {string | null} the name of LLVM's program that reads ELF, PE and Mach-O */
function readobj() {
  const names = [
    'llvm-readobj',
    ...[22, 21, 20, 19, 18, 17, 16, 15, 14].map((major) => `llvm-readobj-${major}`),
  ];
  return names.find((name) => capture(name, ['--version']).ok) ?? null;
}
