/** What the other engines run in: packages of npm and PyPI, installed once in the user's cache folder. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { userCacheFolder } from '../user-cache.js';

/** The version of node-llama-cpp that contains our release of llama.cpp. */
const NODE_LLAMA_CPP = '3.22.1';
const ONNX_RUNTIME = '1.30.0';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** @throws LongEmbedError ERR_INVALID_OPTION when the user has no home folder */
async function cacheFolder(): Promise<string> {
  return join(
    await userCacheFolder('the other engines', 'set HOME to one, or leave them out with --engines'),
    'speed',
  );
}

/**
 * The package and its binaries for this machine's CPU, without those for GPUs, which take a gigabyte.
 * @returns the folder
 */
export async function installNodeLlamaCpp(): Promise<string> {
  const platform = { linux: 'linux', darwin: 'mac', win32: 'win' }[process.platform as string] ?? 'linux';
  const metal = platform === 'mac' && process.arch === 'arm64' ? '-metal' : '';
  return installed('node-llama-cpp', {
    'node-llama-cpp': NODE_LLAMA_CPP,
    [`@node-llama-cpp/${platform}-${process.arch}${metal}`]: NODE_LLAMA_CPP,
  });
}

/** Its package brings the binaries for CPUs; only those for GPUs come by an install script. @returns the folder */
export async function installOnnxRuntime(): Promise<string> {
  return installed('onnxruntime-node', { 'onnxruntime-node': ONNX_RUNTIME });
}

async function installed(name: string, dependencies: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(await cacheFolder(), `${name}-${dependencies[name] ?? ''}`);
  if (existsSync(join(folder, 'node_modules', name))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  execFileSync(npm, ['install', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return folder;
}

/**
 * A Python with what requirements.txt lists (5 GB on Linux, as PyPI's PyTorch brings CUDA), or the one that
 * LONGEMBED_SPEED_PYTHON names.
 * @returns the interpreter
 */
export async function pythonEnvironment(): Promise<string> {
  const given = process.env['LONGEMBED_SPEED_PYTHON'];
  if (given !== undefined && given !== '') return given;
  const folder = join(await cacheFolder(), 'python');
  const python = join(
    folder,
    ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']),
  );
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return python;
  execFileSync(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', folder]);
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '-r', join(HERE, 'requirements.txt')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  writeFileSync(complete, '');
  return python;
}

/** The model as ONNX in float32, made beside the file if missing. @returns its path */
export async function onnxModel(path: string): Promise<string> {
  const onnx = path.replace(/\.gguf$/, '.onnx');
  if (existsSync(onnx)) return onnx;
  execFileSync(await pythonEnvironment(), [join(HERE, 'python', 'export_onnx.py'), path, `${onnx}.part`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  renameSync(`${onnx}.part`, onnx);
  return onnx;
}
