import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { packageRoot } from '../lib/package.js';
import type { AddCommand, Context } from './context.js';
import { EXIT } from './exit.js';

/** Backends and the environment variable of each: scripts/lib/build-options.mjs. */
const BACKENDS = { cuda: 'LONGEMBED_CUDA', vulkan: 'LONGEMBED_VULKAN', metal: 'LONGEMBED_METAL' } as const;

type BuildCommandOptions = Partial<Record<keyof typeof BACKENDS, boolean>>;

const HELP = `
Compiles the native part on this machine and for it, in place of the prebuilt binary. It needs CMake, a C++17 compiler, make or
Ninja, git, and a network: llama.cpp's source is fetched. Two to four minutes on two cores.

Examples:
  longembed build
  longembed build --cuda      with the CUDA toolkit installed

The variables of docs/building.md apply (LONGEMBED_CMAKE_ARGS, LONGEMBED_LLAMA_DIR, CC, CXX …).

Exit status: 0 done; 2 a tool is missing, or the build failed.
`;

/** `longembed build`. */
export const addBuild: AddCommand = (program, context, exit) => {
  program
    .command('build')
    .description('compile the native part from source, for this machine or for its GPU')
    .option('--cuda', 'with CUDA, for NVIDIA GPUs; needs the CUDA toolkit')
    .option('--vulkan', 'with Vulkan; needs the Vulkan SDK')
    .option('--metal', 'with Metal; on by itself on macOS')
    .helpOption('-h, --help', 'this help')
    .addHelpText('after', HELP)
    .action(async (options: BuildCommandOptions) => exit(await build(options, context)));
};

/** Runs the build in a process of its own. Resolves to the exit code. */
async function build(options: BuildCommandOptions, { signal }: Context): Promise<number> {
  const chosen = Object.entries(BACKENDS).filter(([name]) => options[name as keyof typeof BACKENDS] === true);
  const env = { ...process.env, ...Object.fromEntries(chosen.map(([, variable]) => [variable, '1'])) };
  const script = join(packageRoot(), 'scripts', 'build-from-source.mjs');
  const child = spawn(process.execPath, [script], { stdio: ['ignore', process.stderr, process.stderr], env });
  signal.addEventListener('abort', () => child.kill(), { once: true });
  const [code] = (await once(child, 'exit')) as [number | null];
  signal.throwIfAborted();
  return code === 0 ? EXIT.done : EXIT.unusable;
}
