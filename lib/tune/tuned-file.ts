import { contentWith } from '../extend-file/content.js';
import { extendedEntries } from '../extend-file/extended-entries.js';
import { metadataOf, POSITION_MATRIX } from '../extend-file/file-facts.js';
import {
  F32,
  f32Entry,
  type GgufContent,
  type GgufFile,
  type MetadataEntry,
  stringEntry,
  u32Entry,
} from '../gguf/index.js';
import { SHORT_INPUT_KEYS, TUNED_KEYS } from '../model/extended.js';
import type { DevScore } from './options.js';
import type { PositionRows } from './position-rows.js';
import type { TuneSettings } from './settings.js';

/** Rows that learned, and how. */
export interface Tuned {
  readonly rows: Float32Array;
  /** Steps after which they were so: the best, or the last. */
  readonly step: number;
  /** How they did on held-out pairs; null: not judged. */
  readonly dev: DevScore | null;
  /** How many pairs there were. */
  readonly pairs: number;
}

/**
 * The original's content with a tuned position matrix. It holds no time and no path, so that the same run gives the same file.
 */
export function tunedContent(
  file: GgufFile,
  { columns, shortInputs }: PositionRows,
  settings: TuneSettings,
  { rows, step, dev, pairs }: Tuned,
): GgufContent {
  const target = rows.length / columns;
  const metadata: MetadataEntry[] = [
    ...extendedEntries(metadataOf(file), target, settings),
    u32Entry(TUNED_KEYS.step, step),
    u32Entry(TUNED_KEYS.steps, settings.steps),
    u32Entry(TUNED_KEYS.batch, settings.batch),
    f32Entry(TUNED_KEYS.learningRate, settings.learningRate),
    u32Entry(TUNED_KEYS.warmup, settings.warmup),
    f32Entry(TUNED_KEYS.temperature, settings.temperature),
    f32Entry(TUNED_KEYS.weightDecay, settings.weightDecay),
    stringEntry(TUNED_KEYS.seed, String(settings.seed)),
    u32Entry(TUNED_KEYS.pairs, pairs),
    stringEntry(TUNED_KEYS.pairsSha256, settings.pairs),
    stringEntry(TUNED_KEYS.modelSha256, settings.model),
  ];
  if (dev !== null) metadata.push(f32Entry(TUNED_KEYS.devScore, dev.reciprocalRank));
  if (shortInputs !== null) {
    metadata.push(
      u32Entry(SHORT_INPUT_KEYS.upTo, shortInputs.upTo),
      u32Entry(SHORT_INPUT_KEYS.stride, shortInputs.stride),
    );
  }
  return contentWith(file, {
    metadata,
    tensors: [
      {
        name: POSITION_MATRIX,
        shape: [columns, target],
        type: F32,
        byteLength: rows.byteLength,
        data: () => [new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength)],
      },
    ],
  });
}
