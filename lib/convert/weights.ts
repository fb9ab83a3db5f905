import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readFailure } from '../error.js';
import { invalidCheckpoint } from './invalid.js';
import { Settings } from './json-file.js';
import { SafetensorsFile, type Weight } from './safetensors.js';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/** Weights whose files are pickles: reading one can run code. */
const PICKLE = /\.(bin|pt|pth|ckpt|pkl)$/;

/** The weights in a folder: all tensors of its safetensors files, by name. */
export class Weights implements AsyncDisposable {
  /** Where they were looked for. */
  readonly folder: string;
  readonly #files: readonly SafetensorsFile[];
  readonly #found: ReadonlyMap<string, { readonly weight: Weight; readonly file: SafetensorsFile }>;

  private constructor(
    folder: string,
    files: readonly SafetensorsFile[],
    found: ReadonlyMap<string, { readonly weight: Weight; readonly file: SafetensorsFile }>,
  ) {
    this.folder = folder;
    this.#files = files;
    this.#found = found;
  }

  /** Opens `model.safetensors`, or all files that its index names. @throws LongEmbedError ERR_MODEL_INVALID */
  static async open(folder: string): Promise<Weights> {
    const names = await readdir(folder).catch((error: unknown): never => {
      throw invalidCheckpoint(folder, `${readFailure(error)}.`, error);
    });
    if (names.includes(SINGLE)) {
      const file = await SafetensorsFile.open(join(folder, SINGLE));
      const found = [...file.weights.values()].map((weight) => [weight.name, { weight, file }] as const);
      return new Weights(folder, [file], new Map(found));
    }
    if (names.includes(INDEX)) return Weights.#openParts(folder);
    throw withoutWeights(folder, names);
  }

  static async #openParts(folder: string): Promise<Weights> {
    const path = join(folder, INDEX);
    const map = (await Settings.read(path))?.inner('weight_map') ?? null;
    if (map === null) throw invalidCheckpoint(path, 'it has no "weight_map".');
    const places = map.entries().map(([weight, file]) => [weight, fileName(path, file)] as const);
    const files = new Map<string, SafetensorsFile>();
    try {
      for (const name of new Set(places.map(([, file]) => file))) {
        files.set(name, await SafetensorsFile.open(join(folder, name)));
      }
      const found = places.map(([name, place]) => {
        const file = files.get(place);
        const weight = file?.weights.get(name);
        if (file !== undefined && weight !== undefined) return [name, { weight, file }] as const;
        throw invalidCheckpoint(path, `${JSON.stringify(place)} has no tensor ${JSON.stringify(name)}.`);
      });
      return new Weights(folder, [...files.values()], new Map(found));
    } catch (error) {
      for (const file of files.values()) await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  get names(): readonly string[] {
    return [...this.#found.keys()];
  }

  /** Paths of the files that hold them. */
  get paths(): readonly string[] {
    return this.#files.map(({ path }) => path);
  }

  has(name: string): boolean {
    return this.#found.has(name);
  }

  /** A weight and its file. @throws LongEmbedError ERR_MODEL_INVALID when there is none of the name */
  find(name: string): { readonly weight: Weight; readonly file: SafetensorsFile } {
    const found = this.#found.get(name);
    if (found !== undefined) return found;
    throw invalidCheckpoint(this.folder, `its weights have no tensor ${JSON.stringify(name)}.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const file of this.#files) await file[Symbol.asyncDispose]();
  }
}

/** Only files beside the index: a name with folders could be any file of the machine. */
function fileName(index: string, given: unknown): string {
  if (typeof given === 'string' && /^[^/\\\0]+\.safetensors$/.test(given)) return given;
  throw invalidCheckpoint(
    index,
    `it names the file ${JSON.stringify(given ?? null).slice(0, 100)}: only .safetensors files in its own folder are read.`,
  );
}

function withoutWeights(folder: string, names: readonly string[]): Error {
  const pickle = names.find((name) => PICKLE.test(name));
  return pickle === undefined
    ? invalidCheckpoint(folder, `it has no ${SINGLE} and no ${INDEX}.`)
    : invalidCheckpoint(
        folder,
        `its weights are in ${pickle}, a pickle, and reading one can run code that it contains. Get the same model as ` +
          'safetensors, or write them where nothing else is at risk: python -c "import torch, safetensors.torch; ' +
          `safetensors.torch.save_model(…)", or from_pretrained("…").save_pretrained("…", safe_serialization=True).`,
      );
}
