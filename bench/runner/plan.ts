import { LongEmbedError } from '../../lib/error.js';
import { planDocument, resolveExtend, type Method } from '../../lib/extend/index.js';
import { type Extend, formatExtend } from '../../lib/index.js';
import { omit } from '../../lib/omit.js';
import { keyOf } from './cache/entries.js';
import { remoteContext, remoteRefusal } from '../remote/strategies.js';
import { chunkTokens, type Vectors } from './scoring.js';
import { vectorsOf } from './vectors.js';
import type { BenchModel, Kind } from './types.js';

/** A strategy as one model runs it. */
export interface Plan {
  readonly extend: Extend;
  readonly method: Method;
  /** In canonical form with its target: what results are named after. */
  readonly spec: string;
  /** Longer texts are cut, in tokens. */
  readonly target: number;
  /** What documents are represented by; queries have one vector. */
  readonly vectors: Vectors;
  /** Hashes of everything that an embedding depends on besides its text. */
  readonly keys: Readonly<Record<Kind, Buffer>>;
}

/** A strategy that a model does not support. */
export interface Unsupported {
  /** As it was given, in canonical form. */
  readonly extend: Extend;
  readonly vectors: Vectors;
  /** A sentence. */
  readonly reason: string;
}

/** What identifies a model: hashes of its file and of the tokenizer.json used with it. */
export interface Identity {
  readonly model: string;
  readonly tokenizer: string | null;
}

/**
 * The parts of the model's description and of the resolved strategy that do not decide what a vector is. Everything else is
 * part of the cache's keys, so that a new option or property is included without being listed: at worst a vector is computed again.
 */
const NOT_IN_KEY = {
  info: [
    // Names; the identity has the hashes of the files.
    ...(['path', 'name', 'preset', 'tokenizer'] as const),
    // Where settings come from; a plan has its own strategy and prompt.
    ...([
      'nativeContextSource',
      'poolingSource',
      'engineReason',
      'strategies',
      'prompts',
      'warnings',
    ] as const),
    ...(['filePooling', 'warnings'] as const),
    // A vector does not depend on how many threads compute it.
    'threads',
  ],
  // `exact` has every number that `spec` leaves to its default.
  strategy: ['spec', 'warnings'],
} as const;

/**
 * Settles a strategy for a model, so that embedding can then fail only for invalid texts: the model supports it, it fits into memory, and prompt and special tokens leave room for content.
 * @throws LongEmbedError ERR_OUT_OF_MEMORY, ERR_TOKENIZER, ERR_INVALID_OPTION about the prompts or the pooling
 */
export async function settlePlan(
  model: BenchModel,
  identity: Identity,
  extend: Extend,
  vectors: Vectors,
  maxTokens: number | null,
): Promise<Plan | Unsupported> {
  const { info } = model;
  let resolved;
  if ('remote' in model) {
    const reason = remoteRefusal(model, extend, maxTokens);
    if (reason !== null) return { extend, vectors, reason };
  }
  try {
    resolved = resolveExtend(extend, info.engine === 'remote' ? remoteContext(info) : info);
  } catch (error) {
    // This includes targets too low or too high for this model: another model of the run may support them.
    if (error instanceof LongEmbedError) return { extend, vectors, reason: error.message };
    throw error;
  }
  const target = Math.min(resolved.limit, maxTokens ?? Infinity);
  const facts = sorted(omit(info, ...NOT_IN_KEY.info));
  const strategy = sorted(omit(resolved, ...NOT_IN_KEY.strategy));
  const missing = missingVectors(model, vectors, resolved.method);
  if (missing !== null) return { extend, vectors, reason: missing };
  const key = (kind: Kind, ...more: readonly Vectors[]): Buffer =>
    keyOf('embedding', identity, facts, strategy, { target, prompt: info.prompts[kind] }, ...more);
  const settled: Plan = {
    extend,
    method: resolved.method,
    spec: resolved.spec,
    target,
    vectors,
    keys: { query: key('query'), document: key('document', ...(vectors === 'document' ? [] : [vectors])) },
  };
  for (const kind of ['query', 'document'] as const) {
    // Checks the options and the memory, and computes nothing.
    try {
      await checkOptions(model, settled, kind);
    } catch (error) {
      // Pooling that leaves chunks without vectors: another model of the run may have them.
      if (vectors !== 'document' && error instanceof LongEmbedError && REFUSALS.includes(error.code)) {
        return { extend, vectors, reason: error.message };
      }
      throw error;
    }
    await checkRoom(model, kind, target, resolved);
  }
  return settled;
}

const REFUSALS: readonly string[] = ['ERR_INVALID_OPTION', 'ERR_ARCHITECTURE_UNSUPPORTED'];

/** Has the model check the options of a plan; nothing is computed. */
async function checkOptions(model: BenchModel, plan: Plan, kind: Kind): Promise<void> {
  await vectorsOf(model, [], { plan, kind }).next();
}

/** Why a model with a strategy does not have such vectors: a sentence; null: it does. */
function missingVectors(model: BenchModel, vectors: Vectors, method: Method): string | null {
  if (vectors === 'windows' && method !== 'pcw')
    return `Only pcw has windows with vectors of their own, not ${method}.`;
  if (chunkTokens(vectors) !== null && ('remote' in model || model.embedManyChunks === undefined))
    return 'The model has no chunk vectors.';
  return null;
}

/** A plan's name among those of its model: "pi:4k", "pi:4k chunks:256". */
export function planName({ spec, vectors }: Plan): string {
  return vectors === 'document' ? spec : `${spec} ${vectors}`;
}

/** As `planName`. */
export function unsupportedName({ extend, vectors }: Unsupported): string {
  return vectors === 'document' ? formatExtend(extend) : `${formatExtend(extend)} ${vectors}`;
}

/** Keys must not depend on the order in which the code builds an object. */
function sorted(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

export function isPlan(settled: Plan | Unsupported): settled is Plan {
  return 'keys' in settled;
}

/** Tokens of a text without special ones; of a server's model perhaps an estimate. */
export async function tokensOf(model: BenchModel, text: string): Promise<number> {
  return 'remote' in model ? model.countTokens(text) : (await model.tokenize(text)).length;
}

/** Tokens around the content of every window. */
export async function overheadOf(model: BenchModel, kind: Kind): Promise<{ before: number; after: number }> {
  const { prompts, specialTokens } = model.info;
  const prompt = prompts[kind] === '' ? 0 : await tokensOf(model, prompts[kind]);
  return { before: specialTokens.prefix.length + prompt, after: specialTokens.suffix.length };
}

async function checkRoom(
  model: BenchModel,
  kind: Kind,
  target: number,
  resolved: ReturnType<typeof resolveExtend>,
): Promise<void> {
  const overhead = await overheadOf(model, kind);
  const tokens = overhead.before + overhead.after;
  if (tokens < target) {
    if (!('remote' in model)) planDocument(resolved, model.info, 1, overhead);
    return;
  }
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The ${kind} prompt and the special tokens alone are ${tokens} tokens, and texts are cut at ${target} with ${resolved.spec}: ` +
      'give a shorter prompt or a higher limit.',
  );
}
