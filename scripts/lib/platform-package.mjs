import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { llamaDir, packagesDir, root } from './paths.mjs';
import { ScriptError } from './process.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/** Backends that have a package of their own, which users add: the file that says that a build has one. */
const GPU_BACKENDS = /^(?:lib)?ggml-(cuda|vulkan)\.(?:so|dll)$/;

const NAMES = {
  linux: 'Linux',
  darwin: 'macOS',
  win32: 'Windows',
};

/** @returns {{ name: string, version: string, license: string, author: string, engines: object }} */
export function readManifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

/**
 * The fields that every published package has besides its own. A provenance statement is checked against the repository.
 * @returns {object}
 */
export function sharedFields() {
  const { version, license, author, engines } = readManifest();
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
  return {
    version,
    license,
    author,
    ...(server && repository ? { repository: { type: 'git', url: `git+${server}/${repository}.git` } } : {}),
    engines,
  };
}

/** @param {Target} target @param {string} [backend] */
export function packageName(target, backend) {
  return `@longembed/${target.name}${backend === undefined ? '' : `-${backend}`}`;
}

/**
 * Lays out the platform package of a release build in a folder of its own, ready for `npm pack`: prebuildify's layout, so that
 * node-gyp-build would find the addon in it, and a `main` that names it.
 * @param {Target} target
 * @param {string} built the folder with the addon and ggml's libraries
 * @param {object} [options]
 * @param {string} [options.licences] a folder of licence texts that the binaries need besides llama.cpp's
 * @returns {string} the package's folder
 */
export function stagePlatformPackage(target, built, { licences } = {}) {
  const files = readdirSync(built).filter((name) => /\.(node|so|dylib|dll)$/.test(name));
  const backend = files.map((name) => GPU_BACKENDS.exec(name)?.[1]).find((name) => name !== undefined);
  const name = packageName(target, backend);
  const folder = join(packagesDir, name.replace('/', '-'));
  rmSync(folder, { recursive: true, force: true });

  const prebuilds = `prebuilds/${target.platform}-${target.arch}`;
  const addon = target.libc === undefined ? 'longembed.node' : `longembed.${target.libc}.node`;
  mkdirSync(join(folder, prebuilds), { recursive: true });
  for (const file of files) {
    copyFileSync(join(built, file), join(folder, prebuilds, file === 'longembed.node' ? addon : file));
  }
  stageLicences(folder);
  stageGgmlLicences(folder);
  if (licences !== undefined) {
    for (const file of readdirSync(licences)) copyFileSync(join(licences, file), join(folder, file));
  }

  const libc = target.libc === undefined ? '' : ` (${target.libc})`;
  const what = `${NAMES[target.platform]} ${target.arch}${libc}${backend === undefined ? '' : `, with ${backend}`}`;
  const manifest = {
    name,
    description: `longembed's native part for ${what}`,
    ...sharedFields(),
    os: [target.platform],
    cpu: [target.arch],
    ...(target.libc === undefined ? {} : { libc: [target.libc] }),
    preferUnplugged: true,
    type: 'commonjs',
    main: `./${prebuilds}/${addon}`,
    files: ['prebuilds', 'LICENSE*'],
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2) + '\n');
  writeFileSync(
    join(folder, 'README.md'),
    `# ${name}\n\nThe native part of longembed for ${what}. ` +
      `${backend === undefined ? 'Package managers install it with longembed' : 'Add it beside longembed'}; it does nothing by itself.\n`,
  );
  return folder;
}

/** Our licence, and those of the sources that are compiled in. @param {string} folder */
export function stageLicences(folder) {
  const llama = llamaSource();
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  copyFileSync(join(llama, 'LICENSE'), join(folder, 'LICENSE-llama.cpp'));
  const json = join(llama, 'licenses', 'LICENSE-jsonhpp');
  if (existsSync(json)) copyFileSync(json, join(folder, 'LICENSE-jsonhpp'));
}

/**
 * The notices that ggml's sources for the CPU carry themselves, MIT's both.
 * @param {string} folder
 * @throws {ScriptError} they are no longer where they were
 */
function stageGgmlLicences(folder) {
  const sources = join(llamaSource(), 'ggml', 'src', 'ggml-cpu');
  const first = (/** @type {string} */ file, /** @type {RegExp} */ notice) => {
    const found = notice.exec(readFileSync(join(sources, file), 'utf8'));
    if (found === null)
      throw new ScriptError(`${join(sources, file)} has no notice that the package could carry.`);
    return found[1] ?? '';
  };
  const llamafile = first('llamafile/sgemm.cpp', /^((?:\/\/.*\n)+)/).replace(/^\/\/ ?/gm, '');
  writeFileSync(join(folder, 'LICENSE-llamafile'), llamafile);
  const yarn = first('ops.cpp', /MIT licensed\. (Copyright .*)\./);
  const terms = readFileSync(join(llamaSource(), 'LICENSE'), 'utf8');
  writeFileSync(join(folder, 'LICENSE-yarn'), terms.replace(/^Copyright .*$/m, yarn));
}

function llamaSource() {
  const given = process.env['LONGEMBED_LLAMA_DIR'];
  return given !== undefined && given !== '' ? given : llamaDir;
}

/** Zig's own libraries, which are linked into what it builds. @param {string} zig the program's file @param {Target} target */
export function zigLicences(zig, target) {
  const lib = join(dirname(zig), 'lib');
  return {
    'LICENSE-LLVM': join(lib, 'libcxx', 'LICENSE.TXT'),
    ...(target.platform === 'win32' ? { 'LICENSE-mingw-w64': join(lib, 'libc', 'mingw', 'COPYING') } : {}),
  };
}
