import { join } from 'node:path';
import { LongEmbedError, type ErrorCode } from '../error.js';
import { modelFiles } from '../model-files.js';
import { cachedCommit, cachedFiles, cacheFolder, type CacheFolder, rememberCommit } from './cache.js';
import { downloadFiles } from './download.js';
import type { OnDownload } from './progress.js';
import { CallerError, HubFailure, type HubFailureReason } from './failure.js';
import { type Connection, withConnection } from './fetch.js';
import { currentCommit, describeFiles, type RemoteFile, remoteFiles } from './files.js';
import { firstPart, type FileSize, isComplete, listed, modelsAmong, suggested } from './model-choice.js';
import { type HubModelName, isPath, parseHubModelName } from './model-name.js';
import { isCommit, type Repository, type Snapshot, snapshotLabel } from './repository.js';
import { type HubSettings, hubSettings } from './settings.js';

export interface HubModelOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onDownload?: OnDownload | undefined;
  /** Called with a sentence when the hub is out of reach and the cached model is used. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * The path of a model on the Hugging Face hub, in the cache of Hugging Face's own programs; what is missing there is
 * downloaded. A branch or tag means the commit that it has now; the hub is not asked about a commit whose file is cached.
 * @param given hf:org/repo[/file.gguf][@revision]
 * @returns the path of the file, of the first part if the model is split
 * @throws LongEmbedError ERR_MODEL_NOT_FOUND when the hub does not have or give it, or cannot be reached and the cache does
 *   not have it; ERR_MODEL_INVALID when it arrives damaged; ERR_INVALID_OPTION when the name or an environment variable is
 *   malformed or the cache cannot be written; ERR_ABORTED; what onDownload throws
 */
export async function hubModelFile(
  given: string,
  options: HubModelOptions = {},
  settings?: HubSettings,
): Promise<string> {
  const name = parseHubModelName(given);
  try {
    return await new ModelRequest(name, settings ?? (await hubSettings()), options).locate();
  } catch (error) {
    if (error instanceof CallerError) throw error.cause;
    if (!(error instanceof HubFailure)) throw error;
    throw new LongEmbedError(CODES[error.reason], error.message, { cause: error });
  }
}

const CODES: Record<HubFailureReason, ErrorCode> = {
  'not-found': 'ERR_MODEL_NOT_FOUND',
  denied: 'ERR_MODEL_NOT_FOUND',
  unreachable: 'ERR_MODEL_NOT_FOUND',
  offline: 'ERR_MODEL_NOT_FOUND',
  damaged: 'ERR_MODEL_INVALID',
  unwritable: 'ERR_INVALID_OPTION',
  setting: 'ERR_INVALID_OPTION',
};

/** How long the hub may take to answer when the cache has the answer too. */
const PATIENCE_MS = 10_000;

/** A model at a commit, and what of it is not in the cache. */
interface Found {
  readonly commit: string;
  /** Of its first part. */
  readonly file: string;
  readonly missing: readonly RemoteFile[];
}

class ModelRequest {
  readonly #name: HubModelName;
  readonly #repository: Repository;
  readonly #settings: HubSettings;
  readonly #folder: CacheFolder;
  readonly #options: HubModelOptions;

  constructor(name: HubModelName, settings: HubSettings, options: HubModelOptions) {
    this.#name = name;
    this.#repository = { type: 'model', name: name.repository };
    this.#settings = settings;
    this.#folder = cacheFolder(settings.cache, this.#repository);
    this.#options = options;
  }

  async locate(): Promise<string> {
    const { file, revision } = this.#name;
    const cached = await this.#cached();
    if (cached !== null && (this.#settings.offline || (isCommit(revision) && file !== null))) return cached;
    if (this.#settings.offline) throw this.#offline();
    let found: Found;
    try {
      found = await this.#find(cached !== null);
    } catch (error) {
      if (cached === null || !(error instanceof HubFailure) || error.reason !== 'unreachable') throw error;
      this.#options.onWarning?.(`${error.message} Until then the model in the cache is used: ${cached}.`);
      return cached;
    }
    const { commit, missing } = found;
    if (missing.length > 0) {
      await this.#connected(this.#settings, (connection) =>
        downloadFiles(
          missing,
          this.#folder,
          commit,
          connection,
          this.#options.onDownload ?? (() => undefined),
        ),
      );
    }
    await rememberCommit(this.#folder, revision, commit);
    return this.#path(commit, found.file);
  }

  #path(commit: string, file: string): string {
    return join(this.#folder.snapshots, commit, ...file.split('/'));
  }

  /** The path of the model as it was last downloaded; null: the cache does not have it, or several that could be meant. */
  async #cached(): Promise<string | null> {
    const commit = await cachedCommit(this.#folder, this.#name.revision);
    if (commit === null) return null;
    const files = await cachedFiles(this.#folder, commit);
    const models = this.#name.file === null ? ggufModels(files) : [firstPart(this.#name.file)];
    const [only, ...others] = models.filter((model) => isComplete(model, files));
    return only === undefined || others.length > 0 ? null : this.#path(commit, only);
  }

  /** Asks the hub. @param hurry the answer can be done without */
  #find(hurry: boolean): Promise<Found> {
    const settings = hurry
      ? {
          ...this.#settings,
          maxAttempts: 1,
          silenceTimeoutMs: Math.min(PATIENCE_MS, this.#settings.silenceTimeoutMs),
        }
      : this.#settings;
    return this.#connected(settings, async (connection) => {
      const { revision } = this.#name;
      const commit = isCommit(revision)
        ? revision
        : await currentCommit(connection, this.#repository, revision);
      const snapshot = { ...this.#repository, commit };
      const file = this.#name.file ?? (await this.#onlyModel(connection, snapshot));
      const cached = await cachedFiles(this.#folder, commit);
      const missing = modelFiles(firstPart(file)).filter((part) => !cached.includes(part));
      return {
        commit,
        file: firstPart(file),
        missing: missing.length === 0 ? [] : await this.#describe(connection, snapshot, missing),
      };
    });
  }

  /** The one model of the repository. */
  async #onlyModel(connection: Connection, snapshot: Snapshot): Promise<string> {
    const models = await ggufModelsOf(connection, snapshot);
    const [only, ...others] = models;
    if (only !== undefined && others.length === 0) return only.path;
    throw only === undefined
      ? withoutModels(snapshot)
      : new HubFailure(
          'not-found',
          `${snapshotLabel(snapshot)} has ${models.length} models: ${listed(models)}. Name one of them, for example ` +
            `${this.#nameOf(suggested(models) ?? only)}.`,
        );
  }

  async #describe(
    connection: Connection,
    snapshot: Snapshot,
    parts: readonly string[],
  ): Promise<RemoteFile[]> {
    const files = await describeFiles(connection, snapshot, parts);
    const absent = parts.find((_, index) => files[index] === null);
    if (absent === undefined) return files.filter((file) => file !== null);
    const models = await ggufModelsOf(connection, snapshot);
    const suggestion = suggested(models);
    if (suggestion === undefined) throw withoutModels(snapshot);
    throw new HubFailure(
      'not-found',
      `${snapshotLabel(snapshot)} has no file ${absent}. Its models are ${listed(models)}: name one of them, for example ` +
        `${this.#nameOf(suggestion)}.`,
    );
  }

  #nameOf({ path }: FileSize): string {
    const { repository, revision } = this.#name;
    return `hf:${repository}/${path}${revision === 'main' ? '' : `@${revision}`}`;
  }

  #connected<T>(settings: HubSettings, work: (connection: Connection) => Promise<T>): Promise<T> {
    const { revision } = this.#name;
    const what = this.#repository.name + (revision === 'main' ? '' : `@${revision}`);
    return withConnection(settings, this.#repository, { signal: this.#options.signal, what }, work);
  }

  #offline(): HubFailure {
    const { repository, file } = this.#name;
    const what = file === null ? 'exactly one model of' : `${file} of`;
    return new HubFailure(
      'offline',
      `HF_HUB_OFFLINE is set, and the cache ${this.#settings.cache} does not have ${what} ${repository} ` +
        `(revision ${this.#name.revision}): name a file that it has, or unset HF_HUB_OFFLINE to download it.`,
    );
  }
}

/** Names that would leave the cache's folder do not come from a git repository. */
async function ggufModelsOf(connection: Connection, snapshot: Snapshot): Promise<FileSize[]> {
  const files = await remoteFiles(connection, snapshot, '.gguf');
  return modelsAmong(files.filter(({ path }) => isPath(path)));
}

function ggufModels(files: readonly string[]): string[] {
  const ggufs = files.filter((path) => path.toLowerCase().endsWith('.gguf'));
  return modelsAmong(ggufs.map((path) => ({ path, sizeBytes: 0 }))).map(({ path }) => path);
}

function withoutModels(snapshot: Snapshot): HubFailure {
  return new HubFailure(
    'not-found',
    `${snapshotLabel(snapshot)} has no GGUF file: look for a conversion of the model (often in a repository whose name ends in ` +
      '-GGUF), or convert it yourself as docs/models.md describes.',
  );
}
