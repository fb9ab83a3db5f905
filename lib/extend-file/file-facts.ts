import { LongEmbedError } from '../error.js';
import {
  arrayLengthOf,
  type GgufFile,
  type GgufHeader,
  type MetadataEntry,
  scalarOf,
  type StoredTensor,
  wholeNumberOf,
} from '../gguf/index.js';
import { addon, type PositionEncoding } from '../native/index.js';

/** The name that GGUF gives position matrices. */
export const POSITION_MATRIX = 'position_embd.weight';

/** llama.cpp's RoPE base if the file has none. */
const DEFAULT_ROPE_BASE = 10_000;

/** A model's properties as read from the file's header alone. Names and meanings are those of `NativeFacts`. */
export interface FileFacts {
  readonly architecture: string;
  readonly name: string | null;
  readonly metadata: Record<string, string>;
  readonly layers: number;
  readonly dimensions: number;
  readonly vocabularySize: number;
  readonly contextLength: number;
  readonly positionEncoding: PositionEncoding;
  readonly positionRows: number;
  readonly ropeBase: number;
  readonly ropeDimensions: number;
  readonly causal: boolean;
}

/** The metadata of one architecture. */
export class Metadata {
  readonly architecture: string;
  readonly #entries: ReadonlyMap<string, MetadataEntry>;

  constructor(architecture: string, entries: readonly MetadataEntry[]) {
    this.architecture = architecture;
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
  }

  /** @param key with the architecture in front of the dot: ".context_length" */
  of(key: `.${string}`): MetadataEntry | undefined {
    return this.#entries.get(`${this.architecture}${key}`);
  }

  /** The value of an architecture's key as a number; undefined when it has none. */
  number(key: `.${string}`): number | undefined {
    const entry = this.of(key);
    const value = entry === undefined ? null : scalarOf(entry);
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
  }

  text(key: `.${string}`): string | undefined {
    const entry = this.of(key);
    const value = entry === undefined ? null : scalarOf(entry);
    return typeof value === 'string' ? value : undefined;
  }

  hasRopeKeys(): boolean {
    return [...this.#entries.keys()].some((key) => key.startsWith(`${this.architecture}.rope.`));
  }
}

/** @throws LongEmbedError ERR_MODEL_INVALID when the file does not name its architecture or context length */
export function metadataOf({ path, header }: GgufFile): Metadata {
  const architecture = entryOf(header, 'general.architecture');
  const name = architecture === undefined ? null : scalarOf(architecture);
  if (typeof name !== 'string') throw lacks(path, 'text key "general.architecture"');
  const metadata = new Metadata(name, header.metadata);
  const context = metadata.of('.context_length');
  if (context === undefined || (wholeNumberOf(context) ?? 0) < 1)
    throw lacks(path, `"${name}.context_length"`);
  return metadata;
}

/** Architectures whose tokens attend in both directions, although their files need not say so. */
const BIDIRECTIONAL = ['t5encoder', 'gemma-embedding'];

export function fileFacts(header: GgufHeader, metadata: Metadata): FileFacts {
  const { architecture } = metadata;
  const matrix = positionMatrix(header);
  const positionEncoding = encodingOf(metadata, matrix !== undefined);
  const vocabulary = entryOf(header, 'tokenizer.ggml.tokens');
  const causal = metadata.of('.attention.causal');
  const text = scalarTexts(header);
  return {
    architecture,
    name: text['general.name'] ?? null,
    metadata: text,
    layers: metadata.number('.block_count') ?? 0,
    dimensions: metadata.number('.embedding_length') ?? 0,
    vocabularySize: vocabulary === undefined ? 0 : (arrayLengthOf(vocabulary) ?? 0),
    contextLength: metadata.number('.context_length') ?? 0,
    positionEncoding,
    positionRows: matrix?.shape[1] ?? 0,
    ropeBase: positionEncoding === 'rope' ? (metadata.number('.rope.freq_base') ?? DEFAULT_ROPE_BASE) : 0,
    ropeDimensions: positionEncoding === 'rope' ? rotaryDimensions(metadata) : 0,
    causal: !BIDIRECTIONAL.includes(architecture) && (causal === undefined || scalarOf(causal) === true),
  };
}

/** As llama.cpp: said, else all of a head. */
function rotaryDimensions(metadata: Metadata): number {
  const heads = metadata.number('.attention.head_count') ?? 1;
  const head =
    metadata.number('.attention.key_length') ?? (metadata.number('.embedding_length') ?? 0) / heads;
  return metadata.number('.rope.dimension_count') ?? head;
}

export function positionMatrix(header: GgufHeader): StoredTensor | undefined {
  return header.tensors.find(({ name }) => name === POSITION_MATRIX);
}

function encodingOf(metadata: Metadata, hasMatrix: boolean): PositionEncoding {
  if (hasMatrix) return 'absolute';
  if (metadata.of('.attention.relative_buckets_count') !== undefined) return 'relative';
  if (metadata.architecture === 'jina-bert-v2' || (metadata.number('.attention.max_alibi_bias') ?? 0) > 0) {
    return 'alibi';
  }
  return addon().isRotary(metadata.architecture) || metadata.hasRopeKeys() ? 'rope' : 'none';
}

/** Every value that is not an array, as text. */
function scalarTexts({ metadata }: GgufHeader): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const entry of metadata) {
    const value = scalarOf(entry);
    if (value !== null) texts[entry.key] = String(value);
  }
  return texts;
}

function entryOf({ metadata }: GgufHeader, key: string): MetadataEntry | undefined {
  return metadata.find((entry) => entry.key === key);
}

function lacks(path: string, what: string): LongEmbedError {
  return new LongEmbedError('ERR_MODEL_INVALID', `"${path}" is not a usable model file: it has no ${what}.`);
}
