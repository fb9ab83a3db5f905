import { LongEmbedError } from '../error.js';
import type { NativeFacts } from '../native/index.js';
import { readExtended } from './extended.js';
import type { Preset } from './presets/index.js';
import type { SettingSource } from './types.js';

/** A setting and who says so. */
export interface Setting<T> {
  readonly value: T;
  readonly source: SettingSource;
}

type ContextFacts = Pick<NativeFacts, 'contextLength' | 'metadata' | 'positionEncoding' | 'positionRows'>;

/** A position matrix is the end of what a model can have been trained for. */
export function rowsOf({ positionEncoding, positionRows }: ContextFacts): number {
  return positionEncoding === 'absolute' ? positionRows : Infinity;
}

/**
 * Lo: the caller's, else the preset's, else the file's. A file that `longembed extend` made has left the preset's
 * behind: its own context is what it was made for.
 * @throws LongEmbedError ERR_INVALID_OPTION when the caller's goes past the position matrix
 */
export function chooseNativeContext(
  facts: ContextFacts,
  option: number | undefined,
  preset: Preset | null,
): Setting<number> {
  const rows = rowsOf(facts);
  if (option !== undefined) {
    if (option <= rows) return { value: option, source: 'option' };
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `The option nativeContext is ${option}, but this model's position matrix has ${rows} rows: give at most that. ` +
        'To embed longer texts, use a strategy (extend).',
    );
  }
  const extended = readExtended(facts.metadata) !== null;
  if (preset !== null && !extended && preset.nativeContext <= rows) {
    return { value: preset.nativeContext, source: 'preset' };
  }
  return { value: Math.min(facts.contextLength, rows), source: 'file' };
}
