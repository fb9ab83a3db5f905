/**
 * Modules that run in a process or thread of their own. In the package they are compiled; in the repository, tests and scripts
 * run the TypeScript source, which tsx has to load.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/** A module to start Node with. */
export interface Entry {
  readonly file: string;
  /** Options of Node that go before the file. */
  readonly execArgv: string[];
}

/** @param module URL of the module without its extension */
export function processEntry(module: URL): Entry {
  const built = fileURLToPath(`${module.href}.js`);
  if (existsSync(built)) return { file: built, execArgv: [] };
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return { file: fileURLToPath(`${module.href}.ts`), execArgv: ['--import', loader] };
}

/** Starts a thread on a module. @param module its URL without the extension */
export function startThread(module: URL, workerData: unknown): Worker {
  const built = new URL(`${module.href}.js`);
  if (existsSync(built)) return new Worker(built, { workerData });
  const source = JSON.stringify(`${module.href}.ts`);
  const code = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${source}, ${source}))`;
  return new Worker(code, { eval: true, workerData });
}
