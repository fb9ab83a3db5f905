import { totalmem } from 'node:os';
import { LongEmbedError } from '../error.js';
import { devicesOf, type NativeFacts, type NativeModel } from '../native/index.js';
import type { EmbedSettings } from './settings.js';

type MemoryFacts = Pick<NativeFacts, 'device' | 'dimensions' | 'gpuLayers' | 'heads' | 'headsKv'>;

/**
 * Refuses a strategy whose longest text cannot be held: the system would end the process that tries, and nothing could
 * be caught then. Windows of pcw and texts within the native context are not in question.
 * @throws LongEmbedError ERR_INVALID_OPTION that names the largest target
 */
export function checkMemory(
  { extend, limit }: Pick<EmbedSettings, 'extend' | 'limit'>,
  nativeContext: number,
  facts: MemoryFacts,
  memory: number,
): void {
  if (extend.method === 'pcw' || limit <= nativeContext) return;
  const most = Math.floor(memory / bytesPerToken(facts, extend.method === 'se'));
  if (limit <= most) return;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `target is ${limit}: with this model and ${extend.method} it must be a whole number from ${nativeContext} to ${most}, which fill the ` +
      `${(memory / 1e9).toFixed(1)} GB of memory here. Give a lower target or maxTokens; pcw takes no more memory for longer texts.`,
  );
}

/**
 * What the engine keeps of every token of a text at least: the layer's input, and keys and values, in self-extend the
 * keys in two rotations (native/core/graph/workspace.h).
 */
function bytesPerToken({ dimensions, gpuLayers, heads, headsKv }: MemoryFacts, selfExtend: boolean): number {
  const float = 4;
  const keyFloat = gpuLayers > 0 ? 2 : 4;
  return float * dimensions + keyFloat * (selfExtend ? 3 : 2) * Math.ceil((dimensions / heads) * headsKv);
}

/** Bytes of memory where a model's activations are: of the machine, or what a container leaves of it; else of the GPU. */
export function memoryOf(native: NativeModel): number {
  const { device, gpuLayers } = native.facts;
  if (gpuLayers === 0) return Math.min(totalmem(), process.constrainedMemory() || Infinity);
  const names = device.split(', ');
  const sizes = devicesOf(native).flatMap(({ name, memoryTotal }) =>
    names.includes(name) && memoryTotal > 0 ? [memoryTotal] : [],
  );
  return sizes.length === 0 ? Infinity : Math.max(...sizes);
}
