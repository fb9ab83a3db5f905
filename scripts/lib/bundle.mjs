import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { buildSync } from 'esbuild';
import { ScriptError } from './process.mjs';

/**
 * Dependencies of which a published package carries the part that it uses: they are large for their part (zod comes with its
 * sources and another version of itself, the hub's client with a catalogue of tasks that it takes types from), 13 MB together.
 */
export const BUNDLED = ['zod', '@huggingface/hub'];

/** Licence files in a package's folder. */
const LICENCE = /^licen[cs]e(\.\w+)?$/i;

/**
 * Puts the used part of each dependency in {@link BUNDLED} into the compiled package, and makes its modules import that.
 * @param {string} folder of the package, with its compiled modules in dist/
 * @throws {ScriptError} a dependency is imported in a way that this does not rewrite
 */
export function bundleDependencies(folder) {
  const modules = readdirSync(join(folder, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(folder, 'dist', name));
  for (const name of BUNDLED) {
    const slug = name.replace('@', '').replace('/', '-');
    const bundle = join(folder, 'dist', 'bundled', `${slug}.js`);
    const names = rewriteImports(modules, name, bundle);
    const root = packageFolder(name);
    buildSync({
      stdin: { contents: `export { ${names.join(', ')} } from '${name}';`, resolveDir: root },
      outfile: bundle,
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'error',
    });
    const licence = readdirSync(root).find((file) => LICENCE.test(file));
    if (licence === undefined) throw new ScriptError(`${name} has no licence file to put beside its code.`);
    copyFileSync(join(root, licence), join(folder, `LICENSE-${slug}`));
  }
}

/**
 * @param {string[]} modules files
 * @param {string} name of the package that they import
 * @param {string} bundle file to import instead
 * @returns {string[]} what they import of it
 */
function rewriteImports(modules, name, bundle) {
  /** @type {Set<string>} */
  const names = new Set();
  const statement = new RegExp(`^import \\{([^}]*)\\} from '${name}';$`, 'gm');
  for (const file of modules) {
    const code = readFileSync(file, 'utf8');
    const path = relative(dirname(file), bundle).split(sep).join('/');
    const specifier = path.startsWith('.') ? path : `./${path}`;
    const rewritten = code.replace(statement, (_, /** @type {string} */ list) => {
      for (const one of list.split(',')) names.add((one.split(' as ')[0] ?? '').trim());
      return `import {${list}} from '${specifier}';`;
    });
    if (rewritten.includes(`'${name}'`)) {
      throw new ScriptError(`${file} imports ${name} otherwise than by "import { … } from".`);
    }
    if (rewritten !== code) writeFileSync(file, rewritten);
  }
  return [...names].filter(Boolean);
}

/** @param {string} name */
function packageFolder(name) {
  const file = createRequire(import.meta.url).resolve(name);
  const mark = `${sep}node_modules${sep}${name.split('/').join(sep)}`;
  return file.slice(0, file.indexOf(mark) + mark.length);
}
