import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeAbandoned, writeError, writeFileAtomically } from '../lib/atomic-file.js';
import { makeFolders } from '../lib/folders.js';
import { count, plural } from '../lib/format.js';
import { filesSha256 } from '../lib/model-files.js';
import type { DocumentFailure, DocumentId, DocumentVectors, VectorOutput } from '../lib/vector-file/rows.js';
import { differences } from './differences.js';
import { type Entry, Journal, readJournal } from './journal.js';
import { type Owner, PartLock } from './lock.js';
import {
  type Counts,
  type Manifest,
  manifestPath,
  MAY_DIFFER,
  type PartFile,
  type PartFormat,
  readManifest,
  readRun,
  type Run,
  writeManifest,
  writeRun,
  wrongFile,
} from './manifest.js';
import { invalid, partName, type Shard, shardName } from './shard.js';

export interface PartOptions {
  readonly folder: string;
  readonly shard: Shard;
  readonly run: Run;
  /** Goes on with what there is of the part, and leaves a whole one as it is. */
  readonly resume: boolean;
  /** Begins anew, whatever there is of the part. */
  readonly force: boolean;
}

/** A part that is to be made; or that is whole; or that another process is making. */
export type OpenedPart =
  | { readonly state: 'open'; readonly part: Part }
  | { readonly state: 'whole'; readonly manifest: Manifest }
  | { readonly state: 'taken'; readonly holder: Owner | null };

/** What the part needs to know of a document. */
interface PartDocument {
  readonly id: DocumentId;
  readonly content: unknown;
}

/**
 * The part of a run that a shard gives. Documents go through `rest`, which passes over those that an earlier process did, and what
 * comes of them through `output`, which keeps it in a journal; `complete` makes the file of it. However often the process is
 * killed in between, the file is the same.
 */
export class Part {
  readonly #options: PartOptions;
  readonly #lock: PartLock;
  readonly #journal: Journal;
  /** Hashes of the documents that the journal has, in order. */
  readonly #done: readonly string[];
  /** Hashes of the documents that have been read and have no outcome yet, in order. */
  readonly #begun: string[] = [];
  /** Documents whose outcomes this process put into the journal. */
  #added = 0;

  private constructor(options: PartOptions, lock: PartLock, journal: Journal, done: readonly string[]) {
    this.#options = options;
    this.#lock = lock;
    this.#journal = journal;
    this.#done = done;
  }

  /**
   * @throws LongEmbedError ERR_INVALID_OPTION when there is something of the part that the options do not say what to do with, when
   *   the folder's parts are of another run, and when a file cannot be read or written
   */
  static async open(options: PartOptions): Promise<OpenedPart> {
    const { folder, force } = options;
    await makeFolders(folder).catch((error: unknown) => writeError(folder, error));
    if (!force) {
      const manifest = await wholePart(options);
      if (manifest !== null) return { state: 'whole', manifest };
    }
    const path = (ending: string): string => pathIn(options, ending);
    const lock = await PartLock.take(path('lock'));
    if (!(lock instanceof PartLock)) return { state: 'taken', holder: lock.holder };
    try {
      // It may have been finished by the process that had the lock.
      const manifest = force ? null : await wholePart(options);
      if (manifest !== null) {
        await lock.release();
        return { state: 'whole', manifest };
      }
      await checkRun(options);
      await removeAbandoned(folder, (name) => name.startsWith(`${partName(options.shard)}.`));
      if (force) await rm(manifestPath(folder, options.shard), { force: true });
      if (force) await rm(path('journal'), { force: true });
      const done: string[] = [];
      let end = 0;
      for await (const { entry, end: entryEnd } of readJournal(path('journal'))) {
        done.push(entry.hash);
        end = entryEnd;
      }
      if (done.length > 0 && !options.resume) {
        throw invalid(
          `${path('journal')} has ${plural(done.length, 'document')} of shard ${shardName(options.shard)} from a run that was ` +
            'stopped: go on with --resume, or begin anew with --force.',
        );
      }
      const journal = await Journal.open(path('journal'), end);
      return { state: 'open', part: new Part(options, lock, journal, done) };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Documents that are done already. */
  get resumed(): number {
    return this.#done.length;
  }

  /**
   * The documents that are left.
   * @param passOver called with each that is done
   * @throws LongEmbedError ERR_INVALID_OPTION when one of those has changed since
   */
  async *rest<T extends PartDocument>(
    documents: AsyncIterable<T>,
    passOver: (one: T) => void,
  ): AsyncGenerator<T> {
    let index = 0;
    for await (const document of documents) {
      const hash = hashDocument(document);
      const done = this.#done[index++];
      if (done === undefined) {
        this.#begun.push(hash);
        yield document;
        continue;
      }
      if (done !== hash) {
        throw invalid(
          `Document ${index} of shard ${shardName(this.#options.shard)}, ${JSON.stringify(document.id)}, is not what it was when ` +
            'the part was begun: the input has changed. Begin anew with --force.',
        );
      }
      passOver(document);
    }
  }

  /** Where the outcomes of the documents of `rest` go, in order. */
  get output(): VectorOutput {
    const append = async (id: DocumentId, outcome: Entry['outcome']): Promise<void> => {
      const hash = this.#begun.shift();
      if (hash === undefined) throw new Error('there are more outcomes than documents');
      // A record of ours in the middle of another's would be a row too many.
      if (!(await this.#lock.isStillMine())) throw this.#takenOver();
      await this.#journal.append({ id, hash, outcome });
      this.#added += 1;
    };
    return {
      begin: () => Promise.resolve(),
      write: (id: DocumentId, vectors: DocumentVectors) => append(id, { vectors }),
      skip: (id: DocumentId, failure: DocumentFailure) => append(id, { failure }),
      finish: () => Promise.resolve(),
      abandon: () => Promise.resolve(),
    };
  }

  /**
   * Makes the part's file of the journal, when all documents are in it.
   * @param open opens an output of the part's format for a path; it is put in place when it is finished
   */
  async complete(
    open: (path: string) => Promise<VectorOutput>,
    about: { readonly version: string; readonly device: string; readonly signal: AbortSignal },
  ): Promise<Manifest> {
    const { shard, run, folder } = this.#options;
    await this.#journal.close();
    // The journal and the file may be another's by now, or the part whole.
    if (!(await this.#lock.isMine())) throw this.#takenOver();
    const path = (ending: string): string => pathIn(this.#options, ending);
    const output = await open(path(run.format));
    const written = await writeEntries(readJournal(path('journal')), output, run, (found) => {
      // A record that the disk lost ends the journal for who reads it, and the part would be whole without the rest.
      const expected = this.#done.length + this.#added;
      if (found !== expected) {
        throw invalid(
          `${path('journal')} has ${plural(found, 'document')}, and ${count(expected)} were written to it: remove it, and do ` +
            `shard ${shardName(shard)} again.`,
        );
      }
    }).catch(async (error: unknown) => {
      await output.abandon();
      throw error;
    });
    const endings: string[] = run.format === 'npy' ? ['npy', 'npy.jsonl'] : [run.format];
    if (written.errors !== '') {
      await writeFileAtomically(path('errors.jsonl'), written.errors);
      endings.push('errors.jsonl');
    } else await rm(path('errors.jsonl'), { force: true });
    if (!(await this.#lock.isMine())) throw this.#takenOver();
    const manifest: Manifest = {
      longembed: about.version,
      shard,
      run,
      counts: written.counts,
      files: await Promise.all(
        endings.map((ending) => describeFile(folder, `${partName(shard)}.${ending}`, about.signal)),
      ),
      documentsSha256: written.documentsSha256,
      device: about.device,
    };
    await writeManifest(folder, manifest);
    await rm(path('journal'), { force: true });
    await this.#lock.release();
    return manifest;
  }

  /** Leaves the part as it is, for another process to go on with. */
  async close(): Promise<void> {
    await this.#journal.close();
    await this.#lock.release();
  }

  #takenOver(): Error {
    return invalid(
      `Shard ${shardName(this.#options.shard)} was taken over by another process, since this one showed no sign of life for a minute.`,
    );
  }
}

/** SHA-256 of a document's id and content, in hex, shortened: whether it is the same when a part is resumed. */
function hashDocument({ id, content }: PartDocument): string {
  return createHash('sha256')
    .update(JSON.stringify([id, content instanceof Error ? content.message : content]))
    .digest('hex')
    .slice(0, 32);
}

function pathIn({ folder, shard }: PartOptions, ending: string): string {
  return join(folder, `${partName(shard)}.${ending}`);
}

/** The manifest of a part that is whole and of this run; null: it is not whole. */
async function wholePart(options: PartOptions): Promise<Manifest | null> {
  const { folder, shard, run, resume } = options;
  const manifest = await readManifest(folder, shard);
  if (manifest === null) return null;
  const path = manifestPath(folder, shard);
  if (!resume) {
    throw invalid(
      `Shard ${shardName(shard)} is done (${path}): keep it with --resume, or do it again with --force.`,
    );
  }
  const other = differences(manifest.run, run, ['in it', 'now'], MAY_DIFFER);
  if (other.length > 0) {
    throw invalid(
      `${path} is of another run: ${other.join('; ')}. Name another folder, or begin anew with --force.`,
    );
  }
  const wrong = await wrongFile(folder, manifest);
  if (wrong !== null) throw invalid(`${wrong}: do shard ${shardName(shard)} again with --force.`);
  return manifest;
}

/** Refuses a folder whose parts are of another run, before anything is computed; the first part says what they agree on. */
async function checkRun({ folder, run, force }: PartOptions): Promise<void> {
  const before = await readRun(folder);
  const other = before === null ? [] : differences(before, run, ['in its other parts', 'here'], MAY_DIFFER);
  if (other.length > 0 && !force) {
    throw invalid(
      `The folder ${folder} holds another run: ${other.join('; ')}. Name another folder, or remove its run.json and parts.`,
    );
  }
  if (before === null || other.length > 0) await writeRun(folder, run);
}

async function describeFile(folder: string, name: string, signal: AbortSignal): Promise<PartFile> {
  const path = join(folder, name);
  const [{ size }, hash] = await Promise.all([stat(path), filesSha256([path], signal)]);
  return { name, bytes: size, sha256: hash.toString('hex') };
}

/**
 * Writes the entries of a journal to an output.
 * @param check called with the number of entries before the output is finished
 * @returns counts, and the lines of the documents that failed
 */
async function writeEntries(
  entries: AsyncIterable<{ entry: Entry }>,
  output: VectorOutput,
  { facts, format }: { readonly facts: Run['facts']; readonly format: PartFormat },
  check: (found: number) => void,
): Promise<{ counts: Counts; errors: string; documentsSha256: string }> {
  const counts = { documents: 0, failed: 0, truncated: 0, rows: 0, tokens: 0 };
  const documents = createHash('sha256');
  const errors: string[] = [];
  await output.begin(facts.dimensions);
  for await (const { entry } of entries) {
    const { id, hash, outcome } = entry;
    counts.documents += 1;
    documents.update(hash);
    if ('failure' in outcome) {
      counts.failed += 1;
      counts.rows += format === 'jsonl' ? 0 : 1;
      errors.push(`${JSON.stringify({ id, ...outcome.failure })}\n`);
      await output.skip(id, outcome.failure);
    } else {
      const { rows, tokens, truncated } = outcome.vectors;
      counts.rows += rows.length;
      counts.tokens += tokens;
      counts.truncated += truncated ? 1 : 0;
      await output.write(id, outcome.vectors);
    }
  }
  check(counts.documents);
  await output.finish();
  return { counts, errors: errors.join(''), documentsSha256: documents.digest('hex') };
}
