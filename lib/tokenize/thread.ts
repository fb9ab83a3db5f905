import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** Starts a thread on a module of this folder, by its name without extension. */
export function startThread(name: string, workerData: unknown): Worker {
  const built = new URL(`./${name}.js`, import.meta.url);
  return existsSync(built) ? new Worker(built, { workerData }) : startFromSource(name, workerData);
}

/** For tests and scripts, which run the TypeScript sources in the repository: the thread has to read TypeScript too. */
function startFromSource(name: string, workerData: unknown): Worker {
  const source = JSON.stringify(new URL(`./${name}.ts`, import.meta.url).href);
  const code = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${source}, ${source}))`;
  return new Worker(code, { eval: true, workerData });
}
