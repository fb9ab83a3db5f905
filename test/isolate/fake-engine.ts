/** An isolated engine over `fake-child.mjs`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NativeBatch, NativeJob } from '../../lib/native/index.js';
import { IsolatedEngine } from '../../lib/native/isolated/engine.js';
import type { Start } from '../../lib/native/isolated/process.js';

export const FAKE_START: Start = {
  file: fileURLToPath(new URL('./fake-child.mjs', import.meta.url)),
  execArgv: [],
  env: process.env,
  cwd: process.cwd(),
};

const OPTIONS = {
  threads: 1,
  backend: 'cpu',
  gpuLayers: 0,
  checkDevice: true,
  mmap: true,
  repack: null,
  precision: 'full',
} as const;

/** Not loaded yet. */
export function fakeEngine(path = 'fake.gguf', start: Partial<Start> = {}): IsolatedEngine {
  return new IsolatedEngine({ ...FAKE_START, ...start }, path, OPTIONS);
}

export async function loadedEngine(path?: string, start?: Partial<Start>): Promise<IsolatedEngine> {
  const engine = fakeEngine(path, start);
  await engine.load(null).promise;
  return engine;
}

/** What the first token of a batch makes of it. */
export const [FINE, ASSERTS, NEVER, FAILS, ASSERTS_AT_ONCE] = [0, 1, 2, 3, 4];

export function batchOf(...tokens: number[]): NativeBatch {
  return {
    tokens: Int32Array.from(tokens),
    lengths: Int32Array.of(tokens.length),
    positions: null,
    logitScale: null,
    selfExtend: null,
    ropeBase: 0,
    ropeScale: 1,
    ropeFactors: null,
    ranges: null,
    pooling: 'mean',
  };
}

export const embed = (engine: IsolatedEngine, ...tokens: number[]) =>
  engine.call(
    { kind: 'embed', batch: batchOf(...tokens), progress: false, express: false },
    null,
  ) as NativeJob<Float32Array>;
/** The same in the express lane. */
export const embedShort = (engine: IsolatedEngine, ...tokens: number[]) =>
  engine.call(
    { kind: 'embed', batch: batchOf(...tokens), progress: false, express: true },
    null,
  ) as NativeJob<Float32Array>;
export const tokenize = (engine: IsolatedEngine, text: string) =>
  engine.call({ kind: 'tokenize', text }, null) as NativeJob<Int32Array>;

export function writeModel(path: string): void {
  writeFileSync(path, 'weights');
}
