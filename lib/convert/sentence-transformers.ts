import { join } from 'node:path';
import { inexpressible, invalidCheckpoint } from './invalid.js';
import { isObject, readJson, Settings } from './json-file.js';

/** Poolings that a GGUF file can name, by what sentence-transformers calls them. */
const POOLINGS = { mean: 'mean', cls: 'cls', lasttoken: 'last' } as const;

export type FilePooling = (typeof POOLINGS)[keyof typeof POOLINGS];

/** What comes before and after the transformer. */
export interface Pipeline {
  /** Where config.json and the transformer's weights are. */
  readonly transformer: string;
  /** Null: the folder does not say. */
  readonly pooling: FilePooling | null;
  /** Whether the mean leaves out the tokens of a prompt, which no GGUF file can say. */
  readonly excludesPrompt: boolean;
  /** Folders of the dense layers over the pooled vector, in their order. */
  readonly dense: readonly string[];
}

/** Modules that change no vector's direction. */
const WITHOUT_EFFECT = new Set(['Normalize', 'Dropout']);

/**
 * Reads sentence-transformers' modules.json and what it names. A folder without one is a transformer alone.
 * @throws LongEmbedError ERR_MODEL_INVALID; ERR_ARCHITECTURE_UNSUPPORTED for a pipeline that a GGUF file cannot express
 */
export async function readPipeline(folder: string): Promise<Pipeline> {
  const path = join(folder, 'modules.json');
  const listed = await readJson(path);
  if (listed === undefined) {
    const alone = join(folder, '1_Pooling', 'config.json');
    const settings = await Settings.read(alone);
    return { transformer: folder, ...(await poolingOf(folder, settings)), dense: [] };
  }
  if (!Array.isArray(listed)) throw invalidCheckpoint(path, 'it does not hold a list.');
  const modules = listed.map((entry) => moduleOf(path, folder, entry));
  const [first, ...others] = modules;
  if (first?.kind !== 'Transformer') throw invalidCheckpoint(path, 'its first module is not a Transformer.');
  let pooled: PoolingSettings = { pooling: null, excludesPrompt: false };
  const dense: string[] = [];
  for (const { kind, place } of others) {
    if (kind === 'Pooling' && pooled.pooling === null && dense.length === 0) {
      const settings = await Settings.read(join(place, 'config.json'));
      if (settings === null) throw invalidCheckpoint(place, 'it has no config.json.');
      pooled = await poolingOf(folder, settings);
    } else if (kind === 'Dense' && pooled.pooling !== null) dense.push(place);
    else if (!WITHOUT_EFFECT.has(kind)) {
      throw inexpressible(
        folder,
        `modules.json has a module ${JSON.stringify(kind.slice(0, 40))} in this place.`,
      );
    }
  }
  return { transformer: first.place, ...pooled, dense };
}

function moduleOf(path: string, folder: string, entry: unknown): { kind: string; place: string } {
  if (!isObject(entry)) throw invalidCheckpoint(path, 'a module in it is not an object.');
  const { type, path: place } = entry;
  if (typeof type !== 'string' || typeof place !== 'string') {
    throw invalidCheckpoint(path, 'a module in it has no "type" or "path".');
  }
  if (place !== '' && !place.replace(/\/$/, '').split('/').every(isFolderName)) {
    throw invalidCheckpoint(
      path,
      `it names the folder ${JSON.stringify(place.slice(0, 100))}: only folders within its own are read.`,
    );
  }
  return { kind: type.slice(type.lastIndexOf('.') + 1), place: join(folder, place) };
}

function isFolderName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[\\:\0]/.test(name);
}

type PoolingSettings = Pick<Pipeline, 'pooling' | 'excludesPrompt'>;

async function poolingOf(folder: string, settings: Settings | null): Promise<PoolingSettings> {
  if (settings === null) return { pooling: null, excludesPrompt: false };
  const pooling = poolingNamed(folder, settings);
  // The first and the last token are special ones, no part of a prompt.
  const excludesPrompt = pooling === 'mean' && !settings.flag('include_prompt', true);
  if (excludesPrompt && (await hasPrompts(folder))) {
    throw inexpressible(
      folder,
      `its mean leaves out the prompt ("include_prompt": false in ${JSON.stringify(settings.path.slice(-100))}), and it has ` +
        'prompts. With true there it is converted, but texts with a prompt then get other vectors.',
    );
  }
  return { pooling, excludesPrompt };
}

/** Whether sentence-transformers would put something before texts. */
async function hasPrompts(folder: string): Promise<boolean> {
  const settings = await Settings.read(join(folder, 'config_sentence_transformers.json'));
  const prompts = settings?.get('prompts');
  return isObject(prompts) && Object.values(prompts).some((prompt) => prompt !== '' && prompt !== null);
}

/** The pooling's name is a key of its own in newer files, and one of several flags in older ones. */
function poolingNamed(folder: string, settings: Settings): FilePooling {
  const flags = settings
    .entries()
    .filter(([key, value]) => key.startsWith('pooling_mode_') && value === true)
    .map(([key]) => key.slice('pooling_mode_'.length).replace(/_tokens?$/, ''));
  const named = settings.get('pooling_mode');
  const [mode, ...more] = typeof named === 'string' ? [named] : flags;
  if (mode === undefined) throw invalidCheckpoint(settings.path, 'it names no pooling.');
  if (more.length === 0 && Object.hasOwn(POOLINGS, mode)) return POOLINGS[mode as keyof typeof POOLINGS];
  throw inexpressible(
    folder,
    `its pooling is ${JSON.stringify([mode, ...more].join(' with ').slice(0, 60))}.`,
  );
}
