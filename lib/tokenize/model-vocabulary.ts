/** Whether a tokenizer.json has a model's vocabulary: some of its tokens, compared with those in the model's file. */
import { LongEmbedError } from '../error.js';
import { arrayLengthOf, GgufFile, type MetadataEntry } from '../gguf/index.js';
import type { TokenizerJson } from './plain-text.js';

/** Tokens that are compared, spread over the vocabulary. */
const COMPARED = 512;

/** Share of them that must agree: converters and fine-tuning replace some tokens, another vocabulary has few at the same ids. */
const MIN_SHARE = 0.9;

/** llama.cpp's type of a token of the text, which special, added and unused ones are not: converters rename those. */
const NORMAL = 1;

/** Stands for a space in SentencePiece; a GGUF file also marks WordPiece's word starts with it. */
const SPACE = '\u2581';

/**
 * Some tokens of the vocabulary in a model's file, by id; none where the file has no vocabulary, or has a header that only llama.cpp
 * reads.
 */
export async function sampleTokens(model: string): Promise<Map<number, string>> {
  const metadata = await readMetadata(model);
  const entry = (key: string): MetadataEntry | undefined => metadata.find((one) => one.key === key);
  const tokens = entry('tokenizer.ggml.tokens');
  const count = tokens === undefined ? 0 : (arrayLengthOf(tokens) ?? 0);
  if (tokens === undefined || count === 0) return new Map();
  const types = entry('tokenizer.ggml.token_type');
  const isNormal = (id: number): boolean => types === undefined || i32At(types, id) === NORMAL;
  const chosen = Array.from({ length: Math.min(COMPARED, count) }, (_, i) =>
    Math.floor((i * count) / Math.min(COMPARED, count)),
  );
  return stringsAt(tokens, chosen.filter(isNormal));
}

async function readMetadata(model: string): Promise<readonly MetadataEntry[]> {
  try {
    await using file = await GgufFile.open(model);
    return file.header.metadata;
  } catch (error) {
    if (error instanceof LongEmbedError) return [];
    throw error;
  }
}

/** The type and the number of an array's elements, which come before them. */
const ARRAY_HEAD_BYTES = 12;

function i32At({ bytes }: MetadataEntry, index: number): number | null {
  const at = ARRAY_HEAD_BYTES + 4 * index;
  if (at + 4 > bytes.length) return null;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt32(at, true);
}

/** @param indices in order */
function stringsAt({ bytes }: MetadataEntry, indices: readonly number[]): Map<number, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const strings = new Map<number, string>();
  let [index, at] = [0, ARRAY_HEAD_BYTES];
  for (const wanted of indices) {
    // The header was read in full, so that every length is one of a string within it.
    for (; index < wanted; index++) at += 8 + view.getUint32(at, true);
    strings.set(wanted, decoder.decode(bytes.subarray(at + 8, at + 8 + view.getUint32(at, true))));
  }
  return strings;
}

/**
 * @param sample tokens of the model by id; without any, every vocabulary will do
 * @throws Error that names tokens that differ, when too many do
 */
export function checkVocabulary(json: TokenizerJson, sample: ReadonlyMap<number, string>): void {
  const added = new Map((json.added_tokens ?? []).map(({ id, content }) => [id, content]));
  const { vocab, continuing_subword_prefix: prefix = '##' } = json.model;
  const has = (text: string, id: number): boolean =>
    added.get(id) === text || (Array.isArray(vocab) ? vocab[id]?.[0] === text : vocab[text] === id);
  const differing = [...sample].filter(
    ([id, token]) =>
      !has(token, id) &&
      !has(token.startsWith(SPACE) ? token.slice(SPACE.length) : `${prefix ?? ''}${token}`, id),
  );
  if (differing.length <= (1 - MIN_SHARE) * sample.size) return;
  const examples = differing.slice(0, 3).map(([id, token]) => {
    const own = tokenOf(json, id);
    return `token ${id} is ${JSON.stringify(token)} in the model and ${own === undefined ? 'missing' : JSON.stringify(own)} here`;
  });
  throw new Error(
    `it has another vocabulary than the model: of ${sample.size} tokens compared, ${differing.length} differ (${examples.join('; ')}). ` +
      "Give the tokenizer.json that the model was published with, or leave the option out: the model's file has its vocabulary.",
  );
}

function tokenOf(
  { model: { vocab }, added_tokens: added = [] }: TokenizerJson,
  id: number,
): string | undefined {
  const special = added.find((token) => token.id === id)?.content;
  if (special !== undefined || Array.isArray(vocab)) return special ?? (vocab as [string, number][])[id]?.[0];
  return Object.entries(vocab).find(([, other]) => other === id)?.[0];
}
