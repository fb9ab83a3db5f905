import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { buildSync } from 'esbuild';
import ts from 'typescript';
import { ScriptError } from './process.mjs';

/**
 * Dependencies of which a published package carries the part that it uses: they are large for their part (zod comes with its
 * sources and another version of itself, the hub's client with a catalogue of tasks that it takes types from, hono with its other
 * runtimes, prom-client with OpenTelemetry's API and trees of which it uses one), 19 MB together.
 */
export const BUNDLED = ['zod', '@huggingface/hub', 'hono', '@hono/node-server', 'prom-client'];

/** An export of a dependency that has all others as members: of it a bundle takes those that modules use. */
const NAMESPACES = /** @type {Record<string, string>} */ ({ zod: 'z' });

/** Some of them are CommonJS, and require Node's own modules. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

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
    const bundle = join(folder, 'dist', 'bundled', `${slugOf(name)}.js`);
    const { names, users } = rewriteImports(modules, name, bundle);
    const root = packageFolder(name);
    const { metafile } = buildSync({
      stdin: { contents: exportsOf(name, names, users), resolveDir: root },
      outfile: bundle,
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'error',
      banner: { js: REQUIRE },
      metafile: true,
      absWorkingDir: root,
    });
    for (const one of packagesIn(metafile, root)) copyLicence(one, folder);
  }
}

/**
 * A module that exports what modules use of a dependency.
 * @param {string} name of the dependency
 * @param {string[]} names that they import
 * @param {string[]} users their code
 * @throws {ScriptError} a namespace is used in a way that does not tell which members are
 */
function exportsOf(name, names, users) {
  const namespace = NAMESPACES[name];
  if (namespace === undefined) return `export { ${names.join(', ')} } from '${name}';`;
  if (names.join() !== namespace) throw new ScriptError(`of ${name}, only ${namespace} may be imported.`);
  const members = new Set(users.flatMap((code) => membersOf(namespace, code)));
  const list = [...members].map((member) => `${member}: all.${member}`);
  return `import * as all from '${name}';\nexport const ${namespace} = { ${list.join(', ')} };`;
}

/**
 * @param {string} namespace that a module imports by this name
 * @param {string} code the module's
 * @returns {string[]} the members that it uses
 * @throws {ScriptError} it uses the namespace as a whole
 */
function membersOf(namespace, code) {
  /** @type {string[]} */
  const members = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isPropertyAccessExpression(node)) {
      const { expression, name } = node;
      if (ts.isIdentifier(expression) && expression.text === namespace) members.push(name.text);
      else visit(expression);
      return;
    }
    if (ts.isIdentifier(node) && node.text === namespace) {
      throw new ScriptError(`${namespace} is used otherwise than by its members: ${node.parent.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('module.js', code, ts.ScriptTarget.Latest, true));
  return members;
}

/**
 * The folders of the packages whose files are in a bundle: one that is asked for, and those that it depends on.
 * @param {import('esbuild').Metafile} metafile
 * @param {string} working the folder that its paths are relative to
 */
function packagesIn({ outputs }, working) {
  const inner = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/;
  const used = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  const folders = used.map((file) => inner.exec(resolve(working, file))?.[0]);
  return new Set(folders.filter((one) => one !== undefined));
}

/**
 * Puts the licence of a bundled package beside its code: its file or, where it has none, what its package.json says.
 * @param {string} from its folder
 * @param {string} folder of the package that carries it
 */
function copyLicence(from, folder) {
  const { name, license, author } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  const copy = join(folder, `LICENSE-${slugOf(name)}`);
  const file = readdirSync(from).find((one) => LICENCE.test(one));
  if (file !== undefined) copyFileSync(join(from, file), copy);
  else if (typeof license !== 'string')
    throw new ScriptError(`${from} names no licence to put beside its code.`);
  else writeFileSync(copy, `${name}: ${license}, ${author?.name ?? author ?? 'its authors'}\n`);
}

/** @param {string} name of a package */
function slugOf(name) {
  return name.replace('@', '').replace('/', '-');
}

/**
 * @param {string[]} modules files
 * @param {string} name of the package that they import
 * @param {string} bundle file to import instead
 * @returns what they import of it, and the code of those that do
 */
function rewriteImports(modules, name, bundle) {
  /** @type {Set<string>} */
  const names = new Set();
  const users = [];
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
    if (rewritten === code) continue;
    writeFileSync(file, rewritten);
    users.push(rewritten);
  }
  return { names: [...names].filter(Boolean), users };
}

/** @param {string} name */
function packageFolder(name) {
  const file = createRequire(import.meta.url).resolve(name);
  const mark = `${sep}node_modules${sep}${name.split('/').join(sep)}`;
  return file.slice(0, file.indexOf(mark) + mark.length);
}
