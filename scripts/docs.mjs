#!/usr/bin/env node
// Builds the documentation site in docs/.vitepress/dist: the API's reference by TypeDoc, the pages by VitePress, llms.txt; then
// checks every link and anchor of it. `--serve` shows the pages at a local address while they are edited.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ensureDependencies, isInstalled, readPackages } from './lib/dependencies.mjs';
import { root } from './lib/paths.mjs';
import { npmCommand, run, runMain, say, ScriptError } from './lib/process.mjs';
import { deadLinks } from './lib/site-links.mjs';

const docs = join(root, 'docs');
const site = join(docs, '.vitepress', 'dist');

/** What `import … from` can name. */
const ENTRIES = ['lib/index.ts', 'server/index.ts', 'lib/adapters/ai-sdk.ts', 'lib/adapters/langchain.ts'];

await runMain(() => {
  const { values } = parseArgs({ options: { serve: { type: 'boolean', default: false } } });
  // TypeDoc reads the types of what the sources import
  ensureDependencies();
  ensureSitePackages();
  say('the API’s reference …');
  program('typedoc', [
    ...ENTRIES,
    ...['--plugin', 'typedoc-plugin-markdown', '--plugin', './docs/.vitepress/module-names.mjs'],
    ...['--tsconfig', 'tsconfig.json', '--out', 'docs/api'],
    ...[
      '--name',
      'API',
      '--readme',
      'none',
      '--entryFileName',
      'index',
      '--disableSources',
      '--hidePageHeader',
    ],
    ...['--useCodeBlocks', '--excludePrivate', '--excludeInternal', '--githubPages', 'false'],
    ...['--logLevel', 'Warn', '--skipErrorChecking'],
    // types of what is exported, which readers see where they are used
    ...['--validation.notExported', 'false'],
  ]);
  if (values.serve) {
    program('vitepress', ['dev', 'docs']);
    return;
  }
  program('vitepress', ['build', 'docs']);
  const dead = deadLinks(site, process.env['LONGEMBED_DOCS_BASE'] ?? '/');
  if (dead.length > 0) throw new ScriptError(`links that lead nowhere:\n  ${dead.join('\n  ')}`);
  say('the site is in docs/.vitepress/dist; every link and anchor in it leads somewhere.');
});

function ensureSitePackages() {
  if (
    isInstalled(readPackages('docs/package-lock.json'), readPackages('docs/node_modules/.package-lock.json'))
  )
    return;
  say('installing the packages of docs/package-lock.json …');
  const [npm, args] = npmCommand(['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  if (run(npm, args, { cwd: docs }) !== 0)
    throw new ScriptError('npm ci failed in docs; see the lines above.');
}

/** @param {string} name @param {string[]} args */
function program(name, args) {
  const file = join(docs, 'node_modules', name, 'bin', name === 'vitepress' ? 'vitepress.js' : name);
  if (!existsSync(file)) throw new ScriptError(`${file} is missing: delete docs/node_modules and try again.`);
  if (run(process.execPath, [file, ...args], { cwd: root }) !== 0) {
    throw new ScriptError(`${name} failed; see the lines above.`);
  }
}
