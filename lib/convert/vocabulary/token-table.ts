import { f32sEntry, i32sEntry, type MetadataEntry, stringsEntry, u32Entry } from '../../gguf/index.js';
import { invalidCheckpoint } from '../invalid.js';
import type { AddedToken } from './tokenizer-json.js';

/** GGUF's numbers for the kinds of tokens. */
export const TOKEN_TYPES = { normal: 1, unknown: 2, control: 3, added: 4, unused: 5, byte: 6 } as const;

/** Rows of a model's matrix that may have no token: models pad it to a round size. */
const MAX_UNUSED = 1 << 16;

/** Score of a token that is no piece of the text's. */
const NO_SCORE = -1000;

/** The tokens of a vocabulary by id, with their kinds and scores. */
export class TokenTable {
  readonly #path: string;
  readonly #texts: string[];
  readonly #types: number[];
  readonly #scores: number[];

  /** @param path of the file that they are from, for errors. @param scores 0 where left out */
  constructor(path: string, texts: readonly string[], scores: readonly number[] = []) {
    this.#path = path;
    this.#texts = [...texts];
    this.#types = texts.map(() => TOKEN_TYPES.normal);
    this.#scores = texts.map((_, id) => scores[id] ?? 0);
  }

  get size(): number {
    return this.#texts.length;
  }

  /** Id of a token; undefined when there is none. */
  idOf(text: string): number | undefined {
    const id = this.#texts.indexOf(text);
    return id < 0 ? undefined : id;
  }

  /** @throws LongEmbedError ERR_MODEL_INVALID when there is no such token */
  requiredId(text: string): number {
    const id = this.idOf(text);
    if (id !== undefined) return id;
    throw invalidCheckpoint(this.#path, `its vocabulary has no token ${JSON.stringify(text.slice(0, 60))}.`);
  }

  setType(id: number, type: number): void {
    this.#types[id] = type;
  }

  /** Every text as a file has it. */
  rename(renamed: (text: string, type: number) => string): void {
    this.#texts.forEach((text, id) => (this.#texts[id] = renamed(text, this.#types[id] ?? 0)));
  }

  /**
   * Puts in the added tokens, then unused ones up to the size of the model's matrix.
   * @throws LongEmbedError ERR_MODEL_INVALID when a token has no row in the matrix, or rows have no token
   */
  complete(added: readonly AddedToken[], rows: number): void {
    if (this.size > rows || rows - this.size > MAX_UNUSED) {
      throw invalidCheckpoint(this.#path, `it has ${this.size} tokens, config.json's vocab_size is ${rows}.`);
    }
    const own = this.size;
    while (this.size < rows) {
      this.#types.push(TOKEN_TYPES.unused);
      this.#scores.push(NO_SCORE);
      this.#texts.push(`[PAD${this.size}]`);
    }
    for (const { id, content, special } of added) {
      // EmbeddingGemma's tokenizer has a token for images, for which its matrix has no row.
      if (id >= rows) continue;
      if (id >= own) this.#texts[id] = content;
      else if (this.#texts[id] !== content) {
        throw invalidCheckpoint(
          this.#path,
          `its token ${id} is ${JSON.stringify(content.slice(0, 60))} and another.`,
        );
      }
      this.#types[id] = special ? TOKEN_TYPES.control : TOKEN_TYPES.added;
      this.#scores[id] = NO_SCORE;
    }
  }

  /** `tokenizer.ggml.tokens` and what belongs to it. @throws LongEmbedError ERR_MODEL_INVALID when two are the same */
  entries({ scores }: { scores: boolean }): MetadataEntry[] {
    const ids = new Map<string, number>();
    this.#texts.forEach((text, id) => {
      const first = ids.get(text);
      ids.set(text, id);
      if (first === undefined && text !== '' && !text.includes('\0')) return;
      throw invalidCheckpoint(
        this.#path,
        `its token ${id}, ${JSON.stringify(text.slice(0, 60))}, is empty or the same as another in a GGUF file.`,
      );
    });
    return [
      stringsEntry('tokenizer.ggml.tokens', this.#texts),
      ...(scores ? [f32sEntry('tokenizer.ggml.scores', this.#scores)] : []),
      i32sEntry('tokenizer.ggml.token_type', this.#types),
    ];
  }
}

/** The ids of special tokens, by GGUF's names of their roles; those that there are. */
export function specialEntries(ids: Readonly<Record<string, number | undefined>>): MetadataEntry[] {
  return Object.entries(ids).flatMap(([role, id]) =>
    id === undefined ? [] : [u32Entry(`tokenizer.ggml.${role}_token_id`, id)],
  );
}

/**
 * The texts of a vocabulary that is an object of token → id, by id.
 * @throws LongEmbedError ERR_MODEL_INVALID when the ids are not 0, 1, 2 …
 */
export function textsById(path: string, vocabulary: Iterable<readonly [string, unknown]>): string[] {
  const texts: (string | undefined)[] = [];
  let count = 0;
  for (const [text, id] of vocabulary) {
    count += 1;
    if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 && id < 2 ** 24) {
      if (texts[id] === undefined) {
        texts[id] = text;
        continue;
      }
    }
    throw invalidCheckpoint(
      path,
      `the id of its token ${JSON.stringify(text.slice(0, 60))} is wrong, or given twice.`,
    );
  }
  if (count !== texts.length || count === 0) {
    throw invalidCheckpoint(path, `its ${count} tokens have ids up to ${texts.length - 1}: some have none.`);
  }
  return texts as string[];
}
