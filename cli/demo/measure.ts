/** The figures of `longembed demo`, computed while the user waits: none is stored. */
import type { EmbedManyOptions, ManyChunksResult, ManyResult, Method } from '../../lib/index.js';
import type { Model } from '../context.js';
import type { Question } from './text.js';

/** A way to turn a document that is longer than the native context into vectors. */
export interface Way {
  /** In the reader's words. */
  readonly name: string;
  /** The command line's, to try it. */
  readonly options: string;
  readonly extend: Method;
  readonly vectors: 'cut' | 'document' | 'chunks';
}

/** How well a way finds the document that answers a question. */
export interface Found extends Way {
  /** Questions whose document came first. */
  readonly first: number;
  /** Mean place of that document; 1 is the best. */
  readonly place: number;
  readonly seconds: number;
}

/** In the order of preference; a model with a bias by distance takes none of them, and simply runs past its context. */
const EXTENSIONS: readonly Method[] = ['se', 'gp'];

/** The ways that a model can go, from what peers do to chunk vectors. */
export function waysOf({ info }: Pick<Model, 'info'>): Way[] {
  const supports = (method: Method): boolean =>
    info.strategies.some((strategy) => strategy.method === method && strategy.supported);
  const extension = EXTENSIONS.find(supports);
  return [
    { name: 'truncation', options: '--truncate', extend: 'none', vectors: 'cut' },
    { name: 'averaging of windows', options: '--extend pcw', extend: 'pcw', vectors: 'document' },
    ...(extension === undefined
      ? []
      : [
          {
            name: 'extended context',
            options: `--extend ${extension}`,
            extend: extension,
            vectors: 'document',
          } as const,
        ]),
    {
      name: 'chunk vectors',
      options: '--chunks paragraphs',
      extend: 'none',
      vectors: 'chunks',
    },
  ];
}

/** Cosine of vectors of length 1. */
export function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

/** A question with its vector. */
export interface Asked<Q> {
  readonly asked: Q;
  readonly query: Float32Array;
}

/** Embeds questions, in order. */
export async function ask<Q extends { readonly question: string }>(
  questions: readonly Q[],
  model: Model,
  signal: AbortSignal,
): Promise<Asked<Q>[]> {
  const texts = questions.map(({ question }) => question);
  const vectors = await vectorsOf(model.embedMany(texts, { as: 'query', signal }));
  return questions.map((asked, i) => ({ asked, query: vectors[i]?.[0] ?? new Float32Array() }));
}

/** Asks every question of all documents. */
export async function measure(
  way: Way,
  documents: readonly string[],
  questions: readonly Asked<Question>[],
  model: Model,
  signal: AbortSignal,
): Promise<Found> {
  const begin = performance.now();
  const { extend } = way;
  const options: EmbedManyOptions = { extend, as: 'document', truncate: way.vectors === 'cut', signal };
  const vectors = await (way.vectors === 'chunks'
    ? vectorsOf(model.embedManyChunks(documents, { extend, as: 'document', chunks: 'paragraphs', signal }))
    : vectorsOf(model.embedMany(documents, options)));
  const places = questions.map(({ asked, query }) => {
    const scores = vectors.map((parts) => Math.max(...parts.map((part) => cosine(part, query))));
    const right = scores[documents.findIndex((text) => text.includes(asked.answer))] ?? -1;
    return 1 + scores.filter((score) => score > right).length;
  });
  return {
    ...way,
    first: places.filter((place) => place === 1).length,
    place: places.reduce((sum, place) => sum + place, 0) / places.length,
    seconds: (performance.now() - begin) / 1000,
  };
}

/** A document's vectors: its own, or its chunks'. */
async function vectorsOf(results: AsyncIterable<ManyResult | ManyChunksResult>): Promise<Float32Array[][]> {
  const vectors: Float32Array[][] = [];
  for await (const result of results) {
    if ('error' in result) throw result.error;
    vectors.push('chunks' in result ? result.chunks.map(({ embedding }) => embedding) : [result.embedding]);
  }
  return vectors;
}
