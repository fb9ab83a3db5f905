/** What the process that computes is started with. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Start {
  file: string;
  /** Options of Node. The parent's own are not for this process: inspector ports, loaders, what `node --eval` was given. */
  execArgv: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
}

export function engineStart(): Start {
  return { ...entry(), env: childEnvironment(process.env), cwd: process.cwd() };
}

function entry(): Pick<Start, 'file' | 'execArgv'> {
  const built = fileURLToPath(new URL('./child.js', import.meta.url));
  return existsSync(built) ? { file: built, execArgv: [] } : sourceEntry();
}

/** For tests and scripts, which run the TypeScript sources in the repository: the process has to read TypeScript too. */
function sourceEntry(): Pick<Start, 'file' | 'execArgv'> {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return { file: fileURLToPath(new URL('./child.ts', import.meta.url)), execArgv: ['--import', loader] };
}

export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: options, ...others } = env;
  const kept = options === undefined ? '' : withoutInspector(options);
  return {
    // ggml would start a debugger on itself before it aborts, which can take seconds. Who reads its log may want that.
    ...(logWanted(env) ? {} : { GGML_NO_BACKTRACE: '1' }),
    ...others,
    ...(kept === '' ? {} : { NODE_OPTIONS: kept }),
  };
}

/** Whether what llama.cpp and ggml log is to be seen: docs/engine.md. */
export function logWanted(env: NodeJS.ProcessEnv): boolean {
  return env['LONGEMBED_LOG'] !== undefined && env['LONGEMBED_LOG'] !== '0';
}

/** The inspector's port is the parent's, and with --inspect-brk the process would wait for a debugger that never comes. */
function withoutInspector(options: string): string {
  return options
    .replace(/(^|\s)--(inspect-port|debug-port|inspect-publish-uid)[=\s]\s*\S+/g, '')
    .replace(/(^|\s)--inspect(-\w+)?(=\S+)?(?=\s|$)/g, '')
    .trim();
}
