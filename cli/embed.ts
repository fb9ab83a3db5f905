import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type ChunkRule,
  type EmbedManyOptions,
  type Extend,
  LongEmbedError,
  type ManyChunkInput,
  type ManyChunksResult,
  type ManyInput,
  type ManyResult,
  type Pooling,
} from '../lib/index.js';
import {
  INPUT_FORMATS,
  readDocuments,
  sourcesOf,
  totalBytes,
  type InputDocument,
  isFailure,
  type ReadFailure,
} from './input/input.js';
import {
  addIsolateOption,
  addModelOptions,
  DIMENSIONS,
  MODEL,
  type ModelOptions,
  wholeNumber,
  parseSpec,
  STRATEGY_HELP,
  loadOptions,
} from './options.js';
import type { JsonlKeys } from './input/formats.js';
import { expandFolders, filesFrom } from './input/files.js';
import { OUTPUT_FORMATS, openOutput } from './output/open.js';
import { locate } from './locate.js';
import type { LazyOutput } from './output/output.js';
import type { AddCommand, Context, Model } from './context.js';
import { Meter } from './progress/meter.js';
import { viewOn, type View } from './progress/views.js';
import { EXIT, Interrupted, UsageError } from './exit.js';
import { parseSize, plural } from '../lib/format.js';
import { omit } from '../lib/omit.js';

/** The options of `longembed embed`, as commander gives them. */
interface EmbedCommandOptions extends ModelOptions {
  model: string;
  extend?: Extend;
  maxTokens?: number;
  as: 'query' | 'document' | 'raw';
  prompt?: string;
  pooling?: Pooling;
  normalize: boolean;
  dimensions?: number;
  truncate?: boolean;
  chunks?: ChunkRule;
  chunkOverlap?: number;
  vectors: 'document' | 'windows';
  inputFormat?: (typeof INPUT_FORMATS)[number];
  idKey?: string;
  textKey?: string;
  filesFrom?: string;
  output?: string;
  outputFormat?: (typeof OUTPUT_FORMATS)[number];
  force?: boolean;
  quiet?: boolean;
}

/** `longembed embed`. */
export const addEmbed: AddCommand = (program, context, exit) => {
  addEmbedOptions(program.command('embed').description('turn documents into vectors')).action(
    async (files: string[], options: EmbedCommandOptions) => exit(await embed(files, options, context)),
  );
};

function addEmbedOptions(command: Command): Command {
  command
    .argument('[files...]', 'documents, or folders of .txt files; - or none reads standard input')
    .requiredOption('-m, --model <file>', MODEL)
    .optionsGroup('Embedding:')
    .option('--extend <spec>', 'strategy beyond the native context, see below (default: none)', parseSpec)
    .option(
      '--max-tokens <tokens>',
      'maximum length of a document, prompt and special tokens included',
      wholeNumber(1),
    )
    .addOption(
      new Option('--as <kind>', "which of the model's prompts to use; raw uses none")
        .choices(['query', 'document', 'raw'])
        .default('document'),
    )
    .option('--prompt <text>', 'a custom prompt, instead of --as')
    .addOption(
      new Option('--pooling <how>', "how token vectors are pooled (default: the model's pooling)").choices([
        'mean',
        'cls',
        'last',
      ]),
    )
    .option('--no-normalize', 'do not scale vectors to length 1')
    .option('--dimensions <count>', DIMENSIONS, wholeNumber(1))
    .option('--truncate', 'cut documents that are too long instead of failing them')
    .option(
      '--chunks <size>',
      'a vector for every chunk, with the whole document in view: tokens a chunk, sentences or paragraphs',
      chunkRule,
    )
    .option('--chunk-overlap <count>', 'tokens that neighbouring chunks share (default: 0)', wholeNumber(0))
    .addOption(
      new Option('--vectors <of>', 'windows: a vector for every window of pcw, not their mean')
        .choices(['document', 'windows'])
        .default('document'),
    )
    .optionsGroup('Input and output:')
    .addOption(
      new Option(
        '--input-format <format>',
        'format of the FILEs (default: jsonl for .jsonl and .ndjson, else text)',
      ).choices(INPUT_FORMATS),
    )
    .option('--files-from <list>', 'file with the names of more FILEs, one per line; - reads standard input')
    .option('--id-key <key>', 'key of the id in jsonl lines (default: the first of id, _id, doc_id, docid)')
    .option(
      '--text-key <key>',
      'key of the text in jsonl lines (default: the first of text, contents, content)',
    )
    .option('-o, --output <file>', 'file for the vectors (default: standard output)')
    .addOption(
      new Option(
        '--output-format <format>',
        'format of the vectors (default: npy for .npy, else jsonl)',
      ).choices(OUTPUT_FORMATS),
    )
    .option('--force', 'replace the output if it exists');
  return addIsolateOption(addModelOptions(command))
    .optionsGroup('Other:')
    .option('-q, --quiet', 'no progress on standard error')
    .helpOption('-h, --help', 'this help')
    .usage('[options] --model FILE [FILE…|-]')
    .addHelpText('after', HELP);
}

/** The same as options of `embedMany`. */
export function embedOptions(options: EmbedCommandOptions): EmbedManyOptions {
  const { extend, maxTokens, as, prompt, pooling, normalize, dimensions, truncate, vectors } = options;
  return { extend, maxTokens, as, prompt, pooling, normalize, dimensions, truncate, vectors };
}

function chunkRule(text: string): ChunkRule {
  if (text === 'sentences' || text === 'paragraphs') return text;
  const size = parseSize(text);
  if (size !== null && size >= 1) return size;
  throw new InvalidArgumentError('It must be a number of tokens from 1, sentences or paragraphs.');
}

/** How texts are cut into chunks; null where no chunks are asked for. */
function chunksOf({ chunks, chunkOverlap: overlap, vectors }: EmbedCommandOptions): ChunkRule | null {
  if (chunks === undefined) {
    if (overlap === undefined) return null;
    throw new UsageError('--chunk-overlap is for chunks: give --chunks, too.');
  }
  if (vectors === 'windows') throw new UsageError('--chunks and --vectors windows exclude each other.');
  if (overlap === undefined) return chunks;
  if (typeof chunks !== 'number') {
    throw new UsageError(`--chunk-overlap counts tokens, and --chunks is ${JSON.stringify(chunks)}.`);
  }
  if (overlap >= chunks)
    throw new UsageError(`--chunk-overlap is ${overlap}: it must be less than --chunks.`);
  return { by: 'tokens', size: chunks, overlap };
}

const HELP = `
Input formats:
  text    one document per file, its path is the id; UTF-8
  jsonl   one document per line: {"id": "…", "text": "…"}, or the keys of --id-key and --text-key; a "title"
          goes before the text, unless --text-key is given; other keys are ignored; ids must be unique
  tokens  one document per line: an array of content token ids, as longembed tokenize prints;
          special tokens are added as for text
  A line without an id gets its number as id, counted from 0 over all FILEs. Blank lines are skipped.
  From a folder, all files below it that end in .txt are read, sorted by path; with --input-format
  jsonl or tokens, those that end in .jsonl, .ndjson or .tokens.

  With --chunks, a jsonl line may give its own: {"id": "…", "chunks": ["…", "…"]}.

Output formats:
  jsonl   one line per document, in input order:
          {"id": "…", "embedding": […], "tokens": 812, "windows": 1, "truncated": false}
          with --chunks one per chunk, start and end in characters (UTF-16 units) of its document:
          {"id": "…", "chunk": 0, "start": 0, "end": 913, "embedding": […]}
          with --vectors windows one per window, start and end in content tokens, "window" for "chunk"
  npy     a NumPy matrix of float32, one row per document in input order; the row of a document that
          failed is all NaN. To a pipe, everything is written at the end. With --chunks or --vectors windows
          a second file, FILE.npy.jsonl, has a line per row: {"id": "…", "chunk": 0, "start": 0, "end": 913}

Strategies (--extend method[:target][,key=value]…):
${STRATEGY_HELP}
  The target is the longest document in tokens (4k is 4096); the default is 8 times the native context.
  All strategies take attention-scale=length|position|off (yarn: also yarn). longembed info lists what a model
  supports.

Examples:
  longembed embed contract.txt --model minilm.gguf --extend pcw:4k
  longembed embed corpus.jsonl --model e5-mistral.gguf --extend ntk:32k -o corpus.npy
  echo "who signed the lease?" | longembed embed --model e5.gguf --as query
  longembed embed *.txt --model e5-rope.gguf --extend se:4k,g=9,w=64 -o vectors.jsonl

Exit status: 0 done; 1 some documents failed, each named on standard error, the others written;
2 unusable arguments, model or output.
`;

/** `longembed embed`: documents in, vectors out. Resolves to the exit code. */
async function embed(
  files: readonly string[],
  options: EmbedCommandOptions,
  context: Context,
): Promise<number> {
  const chunks = chunksOf(options);
  const paths = await inputPaths(files, options, context);
  const sources = sourcesOf(paths, options.inputFormat ?? null, context.stdin, context.signal);
  const inputs = [
    ...sources.map(({ path }) => path),
    ...(options.filesFrom === undefined ? [] : [options.filesFrom]),
  ];
  const output = await openOutput({
    path: outputPath(options),
    format: options.outputFormat ?? null,
    inputs,
    force: options.force === true,
    parts: chunks !== null || options.vectors === 'windows',
    stdout: context.stdout,
  });
  const view = viewOn(context.stderr, options.quiet === true);
  let model: Model | undefined;
  try {
    model = await load(options, context, view);
    output.expect(options.dimensions ?? model.info.dimensions);
    const meter = new Meter(await totalBytes(sources));
    const run = new DocumentRun(model, output, view, meter, context.signal);
    const documents = readDocuments(sources, { ...jsonlKeys(options), inChunks: chunks !== null });
    return await run.embed(documents, embedOptions(options), chunks);
  } finally {
    view.end();
    await output.close();
    await model?.dispose();
  }
}

/** The files that arguments and --files-from name, those of folders included. */
async function inputPaths(
  files: readonly string[],
  { filesFrom: list, inputFormat }: EmbedCommandOptions,
  { stdin }: Context,
): Promise<string[]> {
  if (list === '-' && files.includes('-')) {
    throw new UsageError('Standard input is the list of files: it cannot hold a document too.');
  }
  const listed = list === undefined ? [] : await filesFrom(list, stdin);
  return expandFolders([...files, ...listed], inputFormat ?? 'text');
}

function jsonlKeys({ idKey, textKey }: EmbedCommandOptions): JsonlKeys {
  return { id: idKey ?? null, text: textKey ?? null };
}

function outputPath({ output }: EmbedCommandOptions): string | null {
  return output === undefined || output === '-' ? null : output;
}

async function load(options: EmbedCommandOptions, context: Context, view: View): Promise<Model> {
  const { loadModel, signal } = context;
  const path = await locate(options.model, context, view);
  const onProgress = (fraction: number): void => view.loading(fraction);
  const onWarning = (message: string): void => view.message(`longembed: warning: ${message}`);
  const model = await loadModel(path, { ...loadOptions(options), signal, onProgress, onWarning });
  view.end();
  return model;
}

/** A document that comes in chunks alone has no single text: that its chunks are lost must not go unnoticed. */
function withoutChunks(content: InputDocument['content']): InputDocument['content'] {
  if (typeof content === 'string' || isFailure(content) || !('chunks' in content)) return content;
  return new LongEmbedError(
    'ERR_INVALID_OPTION',
    'The line has "chunks" and no text: give --chunks for their vectors.',
  );
}

/** One run of `longembed embed`: feeds documents to the model and puts results and failures in input order. */
export class DocumentRun {
  readonly #model: Model;
  readonly #output: LazyOutput;
  readonly #view: View;
  readonly #meter: Meter;
  readonly #signal: AbortSignal;
  readonly #warned = new Set<string>();
  /** Documents that are read but not yet written, in order. */
  readonly #pending: Omit<InputDocument, 'bytes' | 'warning'>[] = [];

  constructor(model: Model, output: LazyOutput, view: View, meter: Meter, signal: AbortSignal) {
    this.#model = model;
    this.#output = output;
    this.#view = view;
    this.#meter = meter;
    this.#signal = signal;
  }

  /**
   * @param chunks how texts are cut; null: each gets one vector, unless it comes in chunks
   * @returns the exit code
   */
  async embed(
    documents: AsyncIterable<InputDocument>,
    options: EmbedManyOptions,
    chunks: ChunkRule | null = null,
  ): Promise<number> {
    const onProgress: EmbedManyOptions['onProgress'] = (progress) => {
      this.#meter.computed(progress);
      this.#view.show(this.#meter);
    };
    try {
      const all = { ...options, signal: this.#signal, onProgress };
      const results =
        chunks === null
          ? this.#model.embedMany(this.#feed(documents) as AsyncIterable<ManyInput>, all)
          : this.#model.embedManyChunks(this.#feed(documents, true) as AsyncIterable<ManyChunkInput>, {
              ...omit(all, 'vectors'),
              chunks,
            });
      for await (const result of results) await this.#settle(result);
      await this.#skipUnread();
      if (await this.#output.finish()) {
        this.#view.message('longembed: no document gave a vector: the older output is kept');
      }
    } catch (error) {
      if (this.#signal.reason instanceof Interrupted) return this.#interrupted(this.#signal.reason);
      throw error;
    }
    this.#view.end();
    return this.#conclude();
  }

  /** Passes readable documents to the model; a failure is reported at once and keeps its place in the output. */
  async *#feed(
    documents: AsyncIterable<InputDocument>,
    inChunks = false,
  ): AsyncGenerator<ManyInput | ManyChunkInput> {
    for await (const { id, where, bytes, content: given, warning } of documents) {
      const content = inChunks ? given : withoutChunks(given);
      if (warning !== undefined) this.#warn(where, warning);
      this.#meter.read(bytes);
      this.#pending.push({ id, where, content: isFailure(content) ? content : '' });
      if (isFailure(content)) this.#tell(id, where, content);
      else if (typeof content === 'string') yield { id, text: content };
      else yield 'chunks' in content ? { id, chunks: content.chunks } : { id, tokens: content };
    }
  }

  async #settle(result: ManyResult | ManyChunksResult): Promise<void> {
    await this.#skipUnread();
    const document = this.#pending.shift();
    if (document === undefined) throw new Error('the model gave more results than there were documents');
    if ('error' in result) {
      this.#tell(document.id, document.where, result.error);
      await this.#output.skip();
    } else {
      await this.#output.write(document.id, result);
      this.#meter.done(result);
    }
    this.#view.show(this.#meter);
  }

  /** Skips the documents that could not be read, up to the next readable one, in the output. */
  async #skipUnread(): Promise<void> {
    for (
      let next = this.#pending[0];
      next !== undefined && isFailure(next.content);
      next = this.#pending[0]
    ) {
      this.#pending.shift();
      await this.#output.skip();
    }
  }

  /** Once for a kind: a folder of such files would fill the screen. */
  #warn(where: string, warning: string): void {
    if (this.#warned.has(warning)) return;
    this.#warned.add(warning);
    this.#view.message(`longembed: warning: ${where}: ${warning}.`);
  }

  #tell(id: string | number, where: string, { code, message }: ReadFailure | LongEmbedError): void {
    this.#meter.fail();
    const name = where === id ? where : `${where} (id ${JSON.stringify(id)})`;
    this.#view.message(`longembed: ${name}: ${code}: ${message}`);
  }

  #interrupted(reason: Interrupted): number {
    const written = plural(this.#meter.documents - this.#meter.failed, 'document');
    this.#view.message(`longembed: interrupted (${reason.signal}); what was done is written: ${written}`);
    return reason.exitCode;
  }

  #conclude(): number {
    const { documents, failed } = this.#meter;
    this.#view.summary(
      documents === 0 ? 'longembed: the input holds no documents' : `longembed: ${this.#meter.summary}`,
    );
    return failed > 0 ? EXIT.someFailed : EXIT.done;
  }
}
