import { createReadStream } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { count, plural } from '../lib/format.js';
import type { ChunkRule, EmbedManyOptions } from '../lib/index.js';
import { packageVersion } from '../lib/package.js';
import { parquetMetadata } from '../lib/vector-file/facts.js';
import { parquetWriterLibrary } from '../lib/vector-file/parquet.js';
import type { VectorOutput } from '../lib/vector-file/rows.js';
import { Corpus, type Piece } from '../queue/corpus.js';
import type { Manifest, Run } from '../queue/manifest.js';
import { Part, type PartOptions } from '../queue/part.js';
import type { MetricsAddress } from '../queue/run-metrics.js';
import { shardName } from '../queue/shard.js';
import type { Context, Model } from './context.js';
import { DocumentRun } from './document-run.js';
import {
  chunksOf,
  type EmbeddingOptions,
  embedOptions,
  type InputOptions,
  jsonlKeys,
} from './embed-options.js';
import { EXIT, Interrupted, UsageError } from './exit.js';
import type { JsonlKeys } from './input/formats.js';
import { type InputSource, readDocuments } from './input/input.js';
import { loadModel } from './load-model.js';
import { Metrics } from './metrics.js';
import type { ModelOptions } from './options.js';
import { JsonlOutput } from './output/jsonl.js';
import { NpyFileOutput } from './output/npy.js';
import type { OutputFormat } from './output/open.js';
import { LazyOutput } from './output/output.js';
import { ParquetOutput } from './output/parquet.js';
import { AtomicSink } from './output/sinks.js';
import { Meter } from './progress/meter.js';
import { type View, viewOn } from './progress/views.js';
import { factsOf } from './vector-facts.js';

/** The options of `embed --shard`. */
export interface ShardOptions extends EmbeddingOptions, InputOptions, ModelOptions {
  model: string;
  shard: { readonly index: number | 'all'; readonly count: number };
  output?: string;
  outputFormat?: OutputFormat;
  resume?: boolean;
  metrics?: MetricsAddress;
  force?: boolean;
  quiet?: boolean;
}

/** How the documents of a shard are read and embedded. */
export interface ShardWork {
  readonly keys: JsonlKeys;
  readonly options: EmbedManyOptions;
  readonly chunks: ChunkRule | null;
}

/** How often a process looks again for parts that others are making. */
const LOOK_AGAIN_MS = 2000;

/** `longembed embed --shard`: parts of a run, in a folder. Resolves to the exit code. */
export async function embedShards(
  sources: readonly InputSource[],
  options: ShardOptions,
  context: Context,
): Promise<number> {
  const { output: folder, outputFormat = 'jsonl', shard } = options;
  if (folder === undefined || folder === '-') {
    throw new UsageError('--shard writes a part into a folder: name it with --output.');
  }
  // What a part takes at its end is there before anything is computed.
  if (outputFormat === 'parquet') await parquetWriterLibrary();
  const corpus = await Corpus.open(sources);
  const view = viewOn(context.stderr, options.quiet === true);
  const metrics = await Metrics.open('embed', options.metrics, view);
  let model: Model | undefined;
  try {
    model = await loadModel(options, context, view);
    const chunks = chunksOf(options);
    const embed = embedOptions(options);
    const facts = await factsOf(model.info, embed, chunks, options.tokenizer, context.signal);
    const run = { facts, input: corpus.identity, shards: shard.count, format: outputFormat };
    const shards = new ShardRunner(corpus, model, run, context.signal, view, metrics);
    const work = { keys: jsonlKeys(options), options: embed, chunks };
    const how = { folder, run, resume: options.resume === true, force: options.force === true };
    const { index } = shard;
    if (index === 'all') return await shards.all(shard.count, how, work);
    const done = await shards.one({ ...how, shard: { index, count: shard.count } }, work);
    if (done === 'taken') {
      throw new UsageError(
        `Shard ${index}/${shard.count} is being done by another process: wait for it, or choose another; all/${shard.count} takes those that are free.`,
      );
    }
    return typeof done === 'number' ? done : exitOf([done]);
  } finally {
    view.end();
    metrics.close();
    await model?.dispose();
  }
}

/** Makes parts of a run with one model. */
export class ShardRunner {
  readonly #corpus: Corpus;
  readonly #model: Model;
  readonly #run: Run;
  readonly #signal: AbortSignal;
  readonly #view: View;
  readonly #metrics: Metrics;

  constructor(corpus: Corpus, model: Model, run: Run, signal: AbortSignal, view: View, metrics: Metrics) {
    this.#corpus = corpus;
    this.#model = model;
    this.#run = run;
    this.#signal = signal;
    this.#view = view;
    this.#metrics = metrics;
  }

  /**
   * Makes every part that nobody has made, and waits for those that others are making: one whose process dies is free again.
   * @returns the exit code
   */
  async all(count: number, how: Omit<PartOptions, 'shard'>, work: ShardWork): Promise<number> {
    const manifests: Manifest[] = [];
    let left = Array.from({ length: count }, (_, index) => index);
    while (left.length > 0) {
      const taken: number[] = [];
      for (const index of left) {
        const done = await this.one({ ...how, shard: { index, count } }, work);
        if (typeof done === 'number') return done;
        if (done === 'taken') taken.push(index);
        else manifests.push(done);
      }
      if (taken.length > 0 && taken.length === left.length) {
        this.#view.summary(`longembed: waiting for ${plural(taken.length, 'part')} of other processes`);
        await setTimeout(LOOK_AGAIN_MS, undefined, { signal: this.#signal });
      }
      left = taken;
    }
    return exitOf(manifests);
  }

  /**
   * Makes a part.
   * @returns its manifest; 'taken': another process is making it; or the exit code when a signal interrupted this one
   */
  async one(options: PartOptions, work: ShardWork): Promise<Manifest | 'taken' | number> {
    const opened = await Part.open(options);
    if (opened.state === 'taken') return 'taken';
    const name = `shard ${shardName(options.shard)}`;
    if (opened.state === 'whole') {
      this.#view.summary(
        `longembed: ${name} is done already: ${plural(opened.manifest.counts.documents, 'document')}`,
      );
      return opened.manifest;
    }
    const { part } = opened;
    try {
      if (part.resumed > 0) {
        this.#view.summary(`longembed: ${name} goes on after ${plural(part.resumed, 'document')}`);
      }
      const pieces = await this.#corpus.pieces(options.shard);
      const meter = new Meter(pieces.reduce((sum, { start, end }) => sum + end - start, 0));
      this.#metrics.meter = meter;
      const output = new LazyOutput(part.output);
      output.expect(this.#run.facts.dimensions);
      const documents = readDocuments(
        pieces.map((piece) => sourceOf(piece, this.#signal)),
        {
          ...work.keys,
          inChunks: work.chunks !== null,
        },
        this.#run.format === 'parquet',
      );
      const rest = part.rest(documents, ({ bytes }) => meter.passOver(bytes));
      const code = await new DocumentRun(this.#model, output, this.#view, meter, this.#signal).embed(
        rest,
        work.options,
        work.chunks,
      );
      if (this.#signal.reason instanceof Interrupted) {
        await part.close();
        return code;
      }
      const manifest = await part.complete((path) => this.#open(path), {
        version: packageVersion(),
        device: this.#model.info.device,
        signal: this.#signal,
      });
      this.#metrics.shardDone(manifest.counts);
      this.#view.summary(`longembed: ${name}: ${describe(manifest)}`);
      return manifest;
    } catch (error) {
      await part.close();
      throw error;
    }
  }

  async #open(path: string): Promise<VectorOutput> {
    const { format, facts } = this.#run;
    if (format === 'npy') return NpyFileOutput.create(path, { places: `${path}.jsonl` });
    if (format === 'jsonl') return new JsonlOutput(await AtomicSink.open(path));
    const metadata = parquetMetadata(facts, packageVersion());
    return ParquetOutput.open(
      () => AtomicSink.open(path),
      () => Promise.resolve(metadata),
    );
  }
}

/** A piece of the input as a source of documents. */
export function sourceOf({ path, format, start, end, firstLine }: Piece, signal: AbortSignal): InputSource {
  const range = end > start ? { start, end: end - 1 } : {};
  return {
    path,
    format,
    open: () => createReadStream(path, { signal, highWaterMark: 1 << 18, ...range }),
    from: { byte: start, firstLine },
  };
}

function describe({ counts, files }: Manifest): string {
  const failed = counts.failed === 0 ? '' : ` (${count(counts.failed)} failed)`;
  return `${plural(counts.documents, 'document')}${failed} in ${files.map(({ name }) => name).join(', ')}`;
}

function exitOf(manifests: readonly Manifest[]): number {
  return manifests.some(({ counts }) => counts.failed > 0) ? EXIT.someFailed : EXIT.done;
}
