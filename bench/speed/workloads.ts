import { Random } from '../../lib/random.js';
import type { Shape, Type } from './models.js';

/** Texts to embed. Numbers are tokens, special ones included. */
export interface Workload {
  readonly title: string;
  readonly shape: Shape;
  readonly texts: number;
  /** The shortest and the longest text. */
  readonly lengths: readonly [min: number, max: number];
  /** The one type of weights that it is measured with; without it, those that are asked for. */
  readonly type?: Type;
  /** It takes many minutes, so that it has to be asked for by name. */
  readonly slow?: true;
}

export const WORKLOADS = {
  one: { title: '13', shape: 'bert-base', texts: 1, lengths: [13, 13] },
  short: { title: '400 × ~13', shape: 'bert-base', texts: 400, lengths: [7, 19] },
  medium: { title: '48 × ~392', shape: 'bert-base', texts: 48, lengths: [276, 508] },
  '2k': { title: '2,048', shape: 'jina-bert-v3-base', texts: 1, lengths: [2048, 2048] },
  '8k': { title: '8,192', shape: 'jina-bert-v3-base', texts: 1, lengths: [8192, 8192] },
  '32k': { title: '32,768', shape: 'jina-bert-v3-base', texts: 1, lengths: [32768, 32768], slow: true },
  minilm: { title: '60 × 100, MiniLM', shape: 'minilm', texts: 60, lengths: [100, 100] },
  'minilm-8k': { title: '8,192, MiniLM', shape: 'minilm', texts: 1, lengths: [8192, 8192] },
  '7b-1k': {
    title: '1,024, 7B',
    shape: 'e5-mistral',
    texts: 1,
    lengths: [1024, 1024],
    type: 'Q4_K_M',
    slow: true,
  },
  '7b-4k': {
    title: '4,096, 7B',
    shape: 'e5-mistral',
    texts: 1,
    lengths: [4096, 4096],
    type: 'Q4_K_M',
    slow: true,
  },
  llama: { title: '4,096', shape: 'llama-1b', texts: 1, lengths: [4096, 4096], type: 'Q4_K_M' },
  modern: { title: '8 × 392, ModernBERT', shape: 'modern-bert-base', texts: 8, lengths: [392, 392] },
  'modern-8k': { title: '8,192, ModernBERT', shape: 'modern-bert-base', texts: 1, lengths: [8192, 8192] },
  qwen3: { title: '8 × 392, Qwen3', shape: 'qwen3-0.6b', texts: 8, lengths: [392, 392] },
  'qwen3-8k': { title: '8,192, Qwen3', shape: 'qwen3-0.6b', texts: 1, lengths: [8192, 8192] },
} as const satisfies Record<string, Workload>;

export type WorkloadName = keyof typeof WORKLOADS;

/** The parts of a text's token ids. */
export interface Tokens {
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  readonly vocabulary: number;
}

/** The texts of a workload as token ids, the same on every call. */
export function textsOf(workload: Workload, { prefix, suffix, vocabulary }: Tokens): Int32Array[] {
  const random = Random.of('speed', workload.title);
  const [min, max] = workload.lengths;
  const first = 1000; // after the special and the unused tokens
  return Array.from({ length: workload.texts }, () => {
    const content = min + random.below(max - min + 1) - prefix.length - suffix.length;
    const ids = Array.from({ length: content }, () => first + random.below(vocabulary - first));
    return Int32Array.from([...prefix, ...ids, ...suffix]);
  });
}
