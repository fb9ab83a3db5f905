import { spawn } from 'node:child_process';
import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { checkInstalledSize, installedSize } from './installed-size.mjs';
import { root } from './paths.mjs';
import { npmCommand, ScriptError } from './process.mjs';

/**
 * @typedef {object} Manager
 * @property {(work: string, registry: string) => Record<string, string>} [files] configuration in the project's folder
 * @property {(registry: string) => string[][]} install commands
 * @property {string[]} [fetch] a command that brings the package manager itself
 * @property {string[]} run what runs a program of the project
 * @property {boolean} [noShim] node_modules/.bin has nothing, so that the command line is not tried
 * @property {boolean} [flat] node_modules has each package once, as npm lays them out: the installation's size and its vectors
 *   are checked
 */

/** Compares the vectors with those of linux-x64. */
const CHECK = join(root, 'scripts', 'check-platform.mjs');
const VECTORS = join(root, 'test', 'fixtures', 'platform-vectors.json');
const PROJECT = JSON.stringify({ name: 'project', version: '1.0.0', private: true });
/** The package manager from npm, in the version that is tried. */
const npx = (/** @type {string} */ name) => npmCommand(['exec', '--yes', '--package', name, '--']).flat();
const yarnrc = (/** @type {string} */ registry) =>
  [
    `npmRegistryServer: ${registry}`,
    'unsafeHttpWhitelist: [127.0.0.1]',
    'enableScripts: false',
    'npmMinimalAgeGate: 0',
    'enableTelemetry: false',
    'enableImmutableInstalls: false',
  ].join('\n');

/** @type {Record<string, Manager>} */
export const MANAGERS = {
  npm: {
    install: (registry) => [
      npmCommand([
        'install',
        'longembed',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        `--registry=${registry}`,
      ]).flat(),
    ],
    run: [process.execPath],
    flat: true,
  },
  pnpm: {
    fetch: [...npx('pnpm@10'), 'pnpm', '--version'],
    install: (registry) => [
      [...npx('pnpm@10'), 'pnpm', 'add', 'longembed', '--ignore-scripts', `--registry=${registry}`],
    ],
    run: [process.execPath],
  },
  yarn: {
    fetch: [...npx('@yarnpkg/cli-dist@4'), 'yarn', '--version'],
    // Plug'n'Play, with packages in archives
    files: (_, registry) => ({ '.yarnrc.yml': yarnrc(registry), 'yarn.lock': '' }),
    install: () => [[...npx('@yarnpkg/cli-dist@4'), 'yarn', 'add', 'longembed']],
    run: [...npx('@yarnpkg/cli-dist@4'), 'yarn', 'node'],
    noShim: true,
  },
  yarn1: {
    fetch: [...npx('yarn@1'), 'yarn', '--version'],
    install: (registry) => [
      [...npx('yarn@1'), 'yarn', 'add', 'longembed', '--ignore-scripts', '--registry', registry],
    ],
    run: [process.execPath],
  },
  bun: {
    fetch: [...npx('bun'), 'bun', '--version'],
    install: (registry) => [
      [...npx('bun'), 'bun', 'add', 'longembed', '--ignore-scripts', `--registry=${registry}`],
    ],
    run: [...npx('bun'), 'bun'],
  },
  deno: {
    fetch: [...npx('deno'), 'deno', '--version'],
    files: (_, registry) => ({
      '.npmrc': `registry=${registry}\n`,
      'deno.json': '{ "nodeModulesDir": "auto" }',
    }),
    install: () => [[...npx('deno'), 'deno', 'add', 'npm:longembed']],
    run: [...npx('deno'), 'deno', 'run', '--allow-all'],
  },
};

const BODY = `
  const { embedding, tokens } = await model.embed('A long contract. '.repeat(200), { extend: 'pcw:4k' });
  const length = Math.hypot(...embedding);
  if (embedding.length !== model.info.dimensions || Math.abs(length - 1) > 1e-5) throw new Error('not a vector of length 1');
  await model.dispose();
  console.log('embedded', tokens, 'tokens');
`;
const PROGRAMS = {
  'import.mjs': `import { EmbeddingModel } from 'longembed';\nconst model = await EmbeddingModel.load();\n${BODY}`,
  'require.cjs': `const { EmbeddingModel } = require('longembed');\n(async () => {\nconst model = await EmbeddingModel.load('mini-ape', { isolate: true });\n${BODY}})();`,
};

/**
 * Installs longembed with one package manager in an empty folder and embeds with it.
 * @param {keyof typeof MANAGERS} name
 * @param {string} work an empty folder
 * @param {string} registry its URL
 * @returns {Promise<string>} what was measured
 * @throws {ScriptError} a step failed
 */
export async function smokeTest(name, work, registry) {
  const manager = /** @type {Manager} */ (MANAGERS[name]);
  for (const [file, content] of Object.entries({
    'package.json': PROJECT,
    ...PROGRAMS,
    ...manager.files?.(work, registry),
  })) {
    writeFileSync(join(work, file), content);
  }
  const env = sealedEnvironment(join(work, '.programs'));
  if (manager.fetch !== undefined) await execute(manager.fetch, work, env); // not what is timed

  const started = performance.now();
  for (const command of manager.install(registry)) await execute(command, work, env);
  const installed = performance.now();
  await execute([...manager.run, 'import.mjs'], work, env);
  const first = performance.now();
  await execute([...manager.run, 'require.cjs'], work, env);
  if (manager.noShim !== true) {
    writeFileSync(join(work, 'text.txt'), 'A short note.');
    const cli = join(work, 'node_modules', 'longembed', 'dist', 'cli', 'main.js');
    const line = await execute([...manager.run, cli, 'embed', 'text.txt', '--model', 'mini-rope'], work, env);
    if (!Array.isArray(JSON.parse(line).embedding)) throw new ScriptError(`longembed embed printed ${line}`);
    const shown = await execute([...manager.run, cli, 'demo'], work, env);
    if (!/Characters [\d,]+ to [\d,]+ of/.test(shown))
      throw new ScriptError(`longembed demo printed ${shown}`);
  }
  let checked = '';
  if (manager.flat === true) {
    checked = `${checkInstalledSize(installedSize(join(work, 'node_modules')))}; `;
    checked += `${(await execute([process.execPath, CHECK, work, '--compare', VECTORS], work, env)).trim()}; `;
  }
  const seconds = (/** @type {number} */ ms) => (ms / 1000).toFixed(1);
  return `${checked}installed in ${seconds(installed - started)} s, first vector ${seconds(first - started)} s after the start`;
}

/**
 * An environment in which nothing can be compiled: of the programs on the PATH only those that package managers start.
 * @param {string} folder for links to them
 * @returns {NodeJS.ProcessEnv}
 */
function sealedEnvironment(folder) {
  const kept = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_|LONGEMBED_|NODE_PATH$|NODE_OPTIONS$|INIT_CWD$|CC$|CXX$)/i.test(name),
    ),
  );
  if (process.platform === 'win32') return kept; // links take a privilege there
  mkdirSync(folder);
  for (const program of [
    'npm',
    'sh',
    'env',
    'uname',
    'tar',
    'dirname',
    'basename',
    'sed',
    'cat',
    'readlink',
    'ls',
    'mkdir',
    'rm',
    'ln',
  ]) {
    const found = (process.env['PATH'] ?? '')
      .split(delimiter)
      .map((one) => join(one, program))
      .find(isFile);
    if (found !== undefined) symlinkSync(found, join(folder, program));
  }
  symlinkSync(process.execPath, join(folder, 'node'));
  return { ...kept, PATH: folder };
}

/** @param {string} file */
function isFile(file) {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

/**
 * Runs a command without blocking the registry, which is served by this process.
 * @param {string[]} command
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string>} its output
 * @throws {ScriptError}
 */
async function execute([program = '', ...args], cwd, env) {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output.out += text));
  child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output.err += text));
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      output.err += error.message;
      resolve(127);
    });
    child.on('close', resolve);
  });
  if (code === 0) return output.out;
  const shown = [program, ...args].join(' ');
  throw new ScriptError(`"${shown}" ended with ${code}:\n${output.out}${output.err}`);
}
