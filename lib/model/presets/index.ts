import type { NativeFacts } from '../../native/types.js';
import { LongEmbedError } from '../../error.js';
import { readExtended } from '../extended.js';
import { BERT_PRESETS } from './bert.js';
import { E5_PRESETS } from './e5.js';
import { GEMMA_PRESETS } from './gemma.js';
import { MODERN_BERT_PRESETS } from './modern-bert.js';
import { canonicalName, namesOf } from './names.js';
import type { Preset, Shape } from './preset.js';
import { QWEN_PRESETS } from './qwen.js';
import { T5_PRESETS } from './t5.js';

export type { Preset, ShortInputs } from './preset.js';

/** Every known model. Sources: the model cards and the settings of the LongEmbed paper's authors. */
export const PRESETS: readonly Preset[] = [
  ...E5_PRESETS,
  ...BERT_PRESETS,
  ...MODERN_BERT_PRESETS,
  ...QWEN_PRESETS,
  ...GEMMA_PRESETS,
  ...T5_PRESETS,
];

/** The properties that identify a file. */
type PresetFacts = Pick<
  NativeFacts,
  'architecture' | 'dimensions' | 'layers' | 'metadata' | 'name' | 'positionRows' | 'vocabularySize'
>;

/**
 * The preset for a file: forced by name, switched off, or found by the file's own metadata and shape.
 * @param option `LoadOptions.preset`
 * @throws LongEmbedError ERR_INVALID_OPTION when no preset has that name
 */
export function choosePreset(option: string | false | undefined, facts: PresetFacts): Preset | null {
  if (option === false) return null;
  if (option === undefined) return findPreset(facts);
  const forced = PRESETS.filter((preset) => isCalled(preset, canonicalName(option)));
  const preset = forced.find(({ shape }) => fits(shape, facts)) ?? forced[0];
  if (preset !== undefined) return preset;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The option preset is ${JSON.stringify(option)}, which is not known: use one of ${PRESETS.map(({ name }) => name).join(', ')}, ` +
      'or false for none, and the options pooling, prompts, nativeContext and specialTokens.',
  );
}

/** The preset whose name the metadata gives and whose shape the file has; null when there is none. */
function findPreset(facts: PresetFacts): Preset | null {
  const named = facts.name === null ? {} : { 'general.name': facts.name };
  for (const name of namesOf({ ...named, ...facts.metadata })) {
    const found = PRESETS.find((preset) => isCalled(preset, name) && fits(preset.shape, facts));
    if (found !== undefined) return found;
  }
  return PRESETS.find((preset) => isTrainedAsSaid(preset, facts) && fits(preset.shape, facts)) ?? null;
}

/** Whether the file is named after the model that the preset's was trained from, and lists the preset's training data. */
function isTrainedAsSaid({ trained }: Preset, { name, metadata }: PresetFacts): boolean {
  if (trained === undefined || name === null || canonicalName(name) !== trained.from) return false;
  const data = Object.entries(metadata)
    .filter(([key]) => /^general\.dataset\.\d+\.name$/.test(key))
    .map(([, value]) => canonicalName(value));
  return trained.on.every((dataset) => data.includes(dataset));
}

function isCalled(preset: Preset, name: string): boolean {
  return [preset.name, ...(preset.aliases ?? [])].some((known) => canonicalName(known) === name);
}

function fits(shape: Shape, facts: PresetFacts): boolean {
  // A file that `longembed extend` made is still its model, with more rows.
  const rows = readExtended(facts.metadata)?.originalContext ?? facts.positionRows;
  const within = (value: number, [smallest, largest]: readonly [number, number]): boolean =>
    value >= smallest && value <= largest;
  return (
    facts.architecture === shape.architecture &&
    facts.dimensions === shape.dimensions &&
    facts.layers === shape.layers &&
    within(facts.vocabularySize, shape.vocabulary) &&
    (shape.positionRows === undefined || within(rows, shape.positionRows))
  );
}
