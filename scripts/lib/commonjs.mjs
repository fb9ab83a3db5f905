import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** @typedef {{ types: string, default: string }} Entry an export of package.json */

/**
 * What `require` loads. Node without `require` of ES modules tells the user to change this file.
 * @param {string} module as a literal
 */
const requires = (module) => `try {
  module.exports = require(${module});
} catch (error) {
  if (error.code !== 'ERR_REQUIRE_ESM') throw error;
  throw new Error(
    \`require('longembed') needs Node 20.19, 22.12 or newer, and this is \${process.version}: write "await import('longembed')" instead, or update Node.\`,
    { cause: error },
  );
}
`;

/**
 * Adds to a package's exports what `require` gives. At run time Node loads the same modules for it; TypeScript wants
 * declarations that say so: copies of the others under the extension .d.cts.
 * @param {string} folder of the package
 * @param {Record<string, string | Entry>} exports of its package.json
 * @returns {Record<string, unknown>} the exports, with a condition each
 */
export function addCommonJs(folder, exports) {
  return Object.fromEntries(
    Object.entries(exports).map(([path, entry]) => {
      if (typeof entry === 'string') return [path, entry];
      const required = {
        types: rename(entry.types, '.d.ts', '.d.cts'),
        default: rename(entry.default, '.js', '.cjs'),
      };
      const module = JSON.stringify(`./${relative(dirname(entry.default), entry.default)}`);
      writeFileSync(join(folder, required.default), requires(module));
      copyDeclarations(resolve(folder, entry.types));
      return [path, { import: entry, require: required }];
    }),
  );
}

/** A relative import of a module, in declarations. */
const IMPORT = /((?:from |import\()['"])(\.[^'"]*)\.js(['"])/g;

/** @param {string} file a .d.ts, copied with those that it imports */
function copyDeclarations(file) {
  const copy = rename(file, '.d.ts', '.d.cts');
  if (existsSync(copy)) return;
  const text = readFileSync(file, 'utf8');
  writeFileSync(copy, text.replace(IMPORT, '$1$2.cjs$3'));
  for (const [, , path] of text.matchAll(IMPORT)) copyDeclarations(resolve(dirname(file), `${path}.d.ts`));
}

/** @param {string} name @param {string} from @param {string} to */
function rename(name, from, to) {
  if (!name.endsWith(from)) throw new RangeError(`${name} does not end in ${from}`);
  return name.slice(0, -from.length) + to;
}
