/** Reads test/fixtures/*.json: vectors that the float64 oracle computed (test/oracle/README.md has the format). */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

import { integer, words } from '../../models/random/random.js';
import { modelPath, type SpecName } from '../../models/random/cached.js';
import { ARCHITECTURE_NAMES } from '../../models/random/index.js';

export type Pooling = 'mean' | 'cls' | 'last';

/** One text and its expected vector. */
export interface FixtureCase {
  /** Unique within the file. */
  id: string;
  /** Spec string. */
  extend: string;
  pooling: Pooling;
  /** Lo, where the case does not take the file's context length. */
  nativeContext: number | null;
  prompt: { text: string; tokens: number[] } | null;
  /** null: as the file's flags say. */
  specialTokens: { bos: boolean; eos: boolean } | null;
  /** The text: content token ids, without prompt and special tokens. */
  content: Int32Array;
  /** n: content, prompt and special tokens. */
  tokens: number;
  windows: number;
  /** The vector of length 1. */
  embedding: Float64Array;
  /** Its length before it was normalised; of chunks' documents, not recorded. */
  norm: number;
  /** Spans of content tokens and their vectors; none but in the fixtures of chunks. */
  chunks: { span: [start: number, end: number]; embedding: Float64Array }[];
}

export interface Fixture {
  name: string;
  model: SpecName;
  /** The model's GGUF file, the same bytes that the oracle read. */
  path: string;
  /** The file's context length. */
  nativeContext: number;
  dimensions: number;
  cases: FixtureCase[];
}

interface StoredCase {
  extend: string;
  tokens: number;
  windows: number;
  pooling: Pooling;
  nativeContext?: number;
  prompt?: { text: string; tokens: number[] };
  specialTokens?: { bos: boolean; eos: boolean };
  content: { seed: number; count: number };
  norm?: number;
  embedding: string;
  chunks?: { span: [start: number, end: number]; embedding: string }[];
}

interface StoredFixture {
  format: number;
  model: SpecName;
  sha256: string;
  nativeContext: number;
  dimensions: number;
  contentIds: { low: number; high: number };
  cases: StoredCase[];
}

const FORMAT = 1;

/** What the end of a fixture's name says about its cases; a name without one of these ends is `basic`. */
const NAME_ENDS = { strategies: '-strategies', beyond: '-beyond', chunks: '-chunks', long: '-32k' } as const;
export type FixtureKind = 'basic' | keyof typeof NAME_ENDS;

/** The names of all fixtures of one kind: the files whose names begin with an architecture's. */
export function fixtureNames(kind: FixtureKind): string[] {
  return readdirSync(new URL('../fixtures/', import.meta.url))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .filter((name) => ARCHITECTURE_NAMES.some((arch) => name === arch || name.startsWith(`${arch}-`)))
    .filter((name) => kindOf(name) === kind)
    .sort();
}

function kindOf(name: string): FixtureKind {
  const kinds = Object.keys(NAME_ENDS) as (keyof typeof NAME_ENDS)[];
  return kinds.find((kind) => name.endsWith(NAME_ENDS[kind])) ?? 'basic';
}

/**
 * Token ids as the fixtures draw them (test/oracle/prng.py).
 *
 * @param range the possible ids: low … high − 1
 */
export function drawTokenIds(seed: number, count: number, range: { low: number; high: number }): Int32Array {
  const next = words(seed, 'tokens');
  return Int32Array.from({ length: count }, () => integer(next, range.low, range.high));
}

/**
 * A fixture, decoded; its model is made if it does not exist yet.
 *
 * @param name the file's name without .json
 * @throws Error when the model's bytes differ from those that the oracle read: make the fixtures again
 */
export function readFixture(name: string): Fixture {
  const file = new URL(`../fixtures/${name}.json`, import.meta.url);
  const stored = JSON.parse(readFileSync(file, 'utf8')) as StoredFixture;
  if (stored.format !== FORMAT) throw new Error(`${name}.json has format ${stored.format}, not ${FORMAT}`);
  const path = modelPath(stored.model);
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  if (sha256 !== stored.sha256) {
    throw new Error(`${path} is not the file that ${name}.json was computed from: see test/oracle/README.md`);
  }
  const { model, nativeContext, dimensions, contentIds } = stored;
  return {
    name,
    model,
    path,
    nativeContext,
    dimensions,
    cases: stored.cases.map((one) => decode(one, contentIds)),
  };
}

function decode(stored: StoredCase, contentIds: { low: number; high: number }): FixtureCase {
  const {
    extend,
    tokens,
    windows,
    pooling,
    norm = NaN,
    nativeContext = null,
    prompt = null,
    specialTokens = null,
  } = stored;
  const remarks = [
    ...(nativeContext === null ? [] : [`Lo ${nativeContext}`]),
    ...(prompt === null ? [] : ['prompt']),
    ...(specialTokens === null ? [] : ['no special tokens']),
  ];
  return {
    id: [extend, `n ${tokens}`, pooling, ...remarks].join(' · '),
    extend,
    pooling,
    nativeContext,
    prompt,
    specialTokens,
    content: drawTokenIds(stored.content.seed, stored.content.count, contentIds),
    tokens,
    windows,
    embedding: decodeFloats(stored.embedding),
    norm,
    chunks: (stored.chunks ?? []).map(({ span, embedding }) => ({
      span,
      embedding: decodeFloats(embedding),
    })),
  };
}

/** Base64 of little-endian float64. */
function decodeFloats(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  return Float64Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(i * 8));
}

/** 1 − cosine, from the difference of the vectors scaled to length 1, so that small values keep their digits. */
export function cosineDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`vectors of ${a.length} and ${b.length} numbers`);
  const [lengthA, lengthB] = [length(a), length(b)];
  let squares = 0;
  for (let i = 0; i < a.length; i += 1) squares += (a[i]! / lengthA - b[i]! / lengthB) ** 2;
  return squares / 2;
}

/** A vector's Euclidean length. */
export function length(vector: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < vector.length; i += 1) squares += vector[i]! ** 2;
  return Math.sqrt(squares);
}
