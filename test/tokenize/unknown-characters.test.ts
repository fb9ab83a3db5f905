/** Characters that a BPE vocabulary has no tokens for: llama.cpp leaves them out without a word. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { i32sEntry, type MetadataEntry, stringEntry, stringsEntry, u32Entry } from '../../lib/gguf/index.js';
import { HuggingFaceTokenizer, Vocabulary } from '../../lib/tokenize/index.js';
import { modelPath } from '../../models/random/cached.js';
import { putTogether, takeApart } from '../mutation/pieces.js';
import { readMetadata } from './gguf-vocabulary.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-unknown-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The random model's vocabulary with other entries. */
async function vocabulary(model: 'qwen3' | 'llama', entries: readonly MetadataEntry[]): Promise<Vocabulary> {
  const pieces = takeApart(readFileSync(modelPath(model)));
  const keys = new Set(entries.map(({ key }) => key));
  pieces.metadata = [...pieces.metadata.filter(({ key }) => !keys.has(key)), ...entries];
  const path = join(folder, 'model.gguf');
  writeFileSync(path, putTogether(pieces));
  return Vocabulary.load(path);
}

const refusal = (...parts: string[]): object => ({
  code: 'ERR_TOKENIZER',
  message: expect.stringMatching(parts.join('.*')) as string,
});

describe('a byte-level vocabulary without the bytes 0xC3 and 0x9F', () => {
  const metadata = readMetadata(modelPath('qwen3'));
  const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
  /** The characters that stand for them: the merges, of English words, have neither. */
  const missing = ['Ã', 'Ł'].map((text) => tokens.indexOf(text));
  const lacking = stringsEntry(
    'tokenizer.ggml.tokens',
    tokens.map((token, id) => (missing.includes(id) ? `[GONE${id}]` : token)),
  );
  const UNKNOWN = tokens.length - 1;
  const TEXTS = ['café', 'é', 'Ãé é\u00df  éééé, the cafés', '😀 the grass 😀😀', '\u0000é\u0000'];
  let whole: Vocabulary;
  beforeAll(async () => {
    whole = await vocabulary('qwen3', []);
  });

  it.each(TEXTS)('has the unknown token for each of them: %j', async (text) => {
    const own = await vocabulary('qwen3', [lacking, u32Entry('tokenizer.ggml.unknown_token_id', UNKNOWN)]);
    const ids = [...(await whole.tokenize(text))];
    expect(ids.some((id) => missing.includes(id))).toBe(true);
    expect([...(await own.tokenize(text))]).toEqual(ids.map((id) => (missing.includes(id) ? UNKNOWN : id)));
  });

  it("as Hugging Face's tokenizers do", async () => {
    const own = await vocabulary('qwen3', [
      ...[lacking, u32Entry('tokenizer.ggml.unknown_token_id', UNKNOWN)],
      stringEntry('tokenizer.ggml.pre', 'gpt-2'),
    ]);
    const path = join(folder, 'tokenizer.json');
    const vocab = Object.fromEntries(
      tokens.map((token, id) => [missing.includes(id) ? `[GONE${id}]` : token, id]),
    );
    writeFileSync(
      path,
      JSON.stringify({
        pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
        model: {
          type: 'BPE',
          unk_token: tokens[UNKNOWN],
          vocab,
          merges: (metadata.get('tokenizer.ggml.merges') as string[]).map((merge) => merge.split(' ')),
        },
      }),
    );
    const theirs = await HuggingFaceTokenizer.load(path, tokens.length);
    for (const text of TEXTS) {
      expect([...(await own.tokenize(text))]).toEqual([...(await theirs.tokenize(text).promise)]);
    }
    await theirs.dispose();
  });

  it('without an unknown token, names what it lacks', async () => {
    const own = await vocabulary('qwen3', [lacking]);
    await expect(own.tokenize('a café')).rejects.toMatchObject(refusal('U\\+00E9 \\("é"\\)', 'byte 0xC3'));
    await expect(own.tokenize('a 😀')).rejects.toMatchObject(refusal('U\\+1F600 \\("😀"\\)', 'byte 0x9F'));
    const text = 'The grass is green. €';
    expect(await own.tokenize(text)).toEqual(await whole.tokenize(text));
  });
});

describe('a vocabulary of characters', () => {
  const TOKENS = ['<unk>', 'a', 'b', 'ab', '中', '<0xC3>', '<0xA9>'];
  const entries = [
    stringEntry('tokenizer.ggml.model', 'whitespace'),
    stringEntry('tokenizer.ggml.pre', 'whitespace'),
    stringsEntry('tokenizer.ggml.tokens', TOKENS),
    i32sEntry(
      'tokenizer.ggml.token_type',
      TOKENS.map(() => 1),
    ),
    stringsEntry('tokenizer.ggml.merges', ['a b']),
    ...['eos', 'bos', 'padding'].map((name) => u32Entry(`tokenizer.ggml.${name}_token_id`, 0)),
  ];
  const unknown = u32Entry('tokenizer.ggml.unknown_token_id', 0);

  it.each<[string, number[]]>([
    ['ab 中 ba', [3, 4, 2, 1]],
    ['ab 文 ba', [3, 0, 2, 1]],
    ['文文a文', [0, 0, 1, 0]],
    ['aéb', [1, 5, 6, 2]], // whose two bytes are tokens
    ['aãb', [1, 0, 2]], // of which one is
  ])('has the unknown token for others: %s', async (text, ids) => {
    expect([...(await (await vocabulary('llama', [...entries, unknown])).tokenize(text))]).toEqual(ids);
  });

  it('without an unknown token, names the character', async () => {
    const none = u32Entry('tokenizer.ggml.unknown_token_id', 0xffffffff);
    const own = await vocabulary('llama', [...entries, none]);
    await expect(own.tokenize('ab 文')).rejects.toMatchObject(refusal('no token for U\\+6587 \\("文"\\),'));
    expect([...(await own.tokenize('ab 中'))]).toEqual([3, 4]);
  });
});

it('a SentencePiece vocabulary without bytes says that it lacks a character', async () => {
  const tokens = (readMetadata(modelPath('llama')).get('tokenizer.ggml.tokens') as string[]).map((token) =>
    token.replace(/^<0x/, '<gone'),
  );
  const own = await vocabulary('llama', [stringsEntry('tokenizer.ggml.tokens', tokens)]);
  await expect(own.tokenize('a 中')).rejects.toMatchObject(refusal("a character that is not in the model's"));
});
