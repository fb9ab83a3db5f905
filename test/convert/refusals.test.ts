/** What cannot be converted is refused with a named error that says why, and leaves nothing behind. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { convertModel, type LongEmbedError } from '../../lib/index.js';
import { toBlocks } from '../../lib/convert/tensors.js';
import { type CheckpointName, copyOf, newPath } from './helpers.js';

/** The error of converting a folder; nothing may be left at the output or beside it. */
async function refusal(folder: string, options = {}): Promise<string> {
  const output = newPath();
  const before = readdirSync(dirname(output)).length;
  const error: unknown = await convertModel(folder, output, options).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(existsSync(output)).toBe(false);
  expect(readdirSync(dirname(output)).length).toBe(before);
  expect(error).toMatchObject({ name: 'LongEmbedError' });
  return `${(error as LongEmbedError).code}: ${(error as Error).message}`;
}

function edited(
  name: CheckpointName,
  file: string,
  change: (json: Record<string, unknown>) => unknown,
): string {
  const folder = copyOf(name);
  const path = join(folder, file);
  const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify(change(json) ?? json));
  return folder;
}

/** A checkpoint whose model.safetensors has another header, and the same data. */
function withHeader(change: (header: Record<string, Record<string, unknown>>) => unknown): string {
  const folder = copyOf('bert');
  const path = join(folder, 'model.safetensors');
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
    string,
    Record<string, unknown>
  >;
  change(header);
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([size, text, bytes.subarray(8 + length)]));
  return folder;
}

const WORDS = 'embeddings.word_embeddings.weight';

describe('safetensors files', () => {
  it.each<[string, (header: Record<string, Record<string, unknown>>) => unknown, RegExp]>([
    ['an unknown type', (header) => void (header[WORDS]!['dtype'] = 'F13'), /MODEL_INVALID.*"F13"/],
    ['a type of whole numbers', (header) => void (header[WORDS]!['dtype'] = 'I32'), /MODEL_INVALID.*I32/],
    ['another shape', (header) => void (header[WORDS]!['shape'] = [2, 2]), /MODEL_INVALID.*2 × 2/],
    ['a negative size', (header) => void (header[WORDS]!['shape'] = [-1, 32]), /MODEL_INVALID.*shape/],
    ['offsets beyond the file', (header) => shift(header, 2 ** 40), /MODEL_INVALID.*cut short/],
    [
      'offsets beyond 2^53',
      (h) => void (h[WORDS]!['data_offsets'] = [0, 2 ** 60]),
      /MODEL_INVALID.*data_offsets/,
    ],
    ['offsets that overlap', (header) => shift(header, 64), /MODEL_INVALID.*overlap/],
    [
      'offsets that are no pair',
      (h) => void (h[WORDS]!['data_offsets'] = [0]),
      /MODEL_INVALID.*data_offsets/,
    ],
    ['no entry for a tensor', (header) => Reflect.deleteProperty(header, WORDS), /MODEL_INVALID.*no tensor/],
    ['an entry that is no object', (header) => void Object.assign(header, { x: 5 }), /MODEL_INVALID.*object/],
  ])('%s', async (_, change, expected) => {
    expect(await refusal(withHeader(change))).toMatch(expected);
  });

  function shift(header: Record<string, Record<string, unknown>>, by: number): unknown {
    const offsets = header[WORDS]!['data_offsets'] as number[];
    header[WORDS]!['data_offsets'] = offsets.map((offset) => offset + by);
    return header;
  }

  it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['empty', () => Buffer.alloc(0), /cut short/],
    ['cut within its header', (bytes) => bytes.subarray(0, 100), /cut short/],
    ['cut within its data', (bytes) => bytes.subarray(0, bytes.length - 1), /cut short/],
    [
      'with a header of 2^60 bytes',
      (bytes) => changed(bytes, (b) => b.writeBigUInt64LE(2n ** 60n)),
      /not a safetensors/,
    ],
    ['with a header that is no JSON', (bytes) => changed(bytes, (b) => b.write('!', 8)), /not valid JSON/],
    [
      'with a header that is no UTF-8',
      (bytes) => changed(bytes, (b) => b.writeUInt8(0xff, 12)),
      /not valid JSON/,
    ],
    [
      'with a number that is none',
      (bytes) => changed(bytes, (b) => b.writeUInt32LE(0x7fc00000, b.length - 4)),
      /not a number/,
    ],
    [
      'with an infinite number',
      (bytes) => changed(bytes, (b) => b.writeUInt32LE(0x7f800000, b.length - 4)),
      /infinite/,
    ],
  ])('%s', async (_, change, expected) => {
    const folder = copyOf('bert');
    const path = join(folder, 'model.safetensors');
    writeFileSync(path, change(readFileSync(path)));
    expect(await refusal(folder)).toMatch(expected);
  });

  function changed(bytes: Buffer, change: (bytes: Buffer) => void): Buffer {
    change(bytes);
    return bytes;
  }

  it('a number that is too large for half precision, and not for f32', async () => {
    const folder = copyOf('bert');
    const path = join(folder, 'model.safetensors');
    const bytes = readFileSync(path);
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<
      string,
      { data_offsets: number[] }
    >;
    bytes.writeFloatLE(70_000, 8 + length + (header[WORDS]?.data_offsets[0] ?? 0));
    writeFileSync(path, bytes);
    expect(await refusal(folder)).toMatch(/MODEL_INVALID.*70000.*--type f32/);
    await expect(convertModel(folder, newPath(), { type: 'f32' })).resolves.toBeDefined();
  });

  it('a folder or a pipe in place of a file', async () => {
    for (const name of ['model.safetensors', 'tokenizer.json', 'config.json']) {
      const folder = copyOf('bert');
      rmSync(join(folder, name));
      mkdirSync(join(folder, name));
      expect(await refusal(folder)).toMatch(/MODEL_INVALID.*not a regular file/);
      if (process.platform === 'win32') continue;
      rmSync(join(folder, name), { recursive: true });
      execFileSync('mkfifo', [join(folder, name)]);
      expect(await refusal(folder)).toMatch(/MODEL_INVALID.*not a regular file/);
    }
  });

  it('pickles, with what to do', async () => {
    const folder = copyOf('bert');
    renameSync(join(folder, 'model.safetensors'), join(folder, 'pytorch_model.bin'));
    expect(await refusal(folder)).toMatch(/MODEL_INVALID.*pytorch_model\.bin, a pickle.*save_pretrained/);
  });
});

describe('the index of parts', () => {
  const INDEX = 'model.safetensors.index.json';
  it.each<[string, unknown, RegExp]>([
    ['a file above its folder', '../model.safetensors', /only \.safetensors files in its own folder/],
    ['an absolute path', '/etc/passwd', /only \.safetensors files in its own folder/],
    ['no file name', 7, /only \.safetensors files in its own folder/],
    ['a file that is missing', 'model-00009-of-00009.safetensors', /MODEL_INVALID.*no such file/],
    ['a file without the tensor', 'model-00003-of-00003.safetensors', /has no tensor/],
  ])('%s', async (_, file, expected) => {
    const folder = edited('bert-parts', INDEX, (json) => {
      (json['weight_map'] as Record<string, unknown>)['bert.embeddings.word_embeddings.weight'] = file;
    });
    expect(await refusal(folder)).toMatch(expected);
  });

  it('without a map', async () => {
    expect(await refusal(edited('bert-parts', INDEX, () => ({})))).toMatch(/MODEL_INVALID.*weight_map/);
  });
});

describe('modules.json', () => {
  it.each<[string, (modules: { type: string; path: string }[]) => unknown, RegExp]>([
    [
      'a folder above its own',
      (modules) => void (modules[1]!.path = '../1_Pooling'),
      /MODEL_INVALID.*within its own/,
    ],
    ['an absolute path', (modules) => void (modules[1]!.path = '/tmp'), /MODEL_INVALID.*within its own/],
    [
      'a module that changes vectors',
      (modules) => void (modules[2]!.type = 'x.LayerNorm'),
      /UNSUPPORTED.*LayerNorm/,
    ],
    ['no transformer first', (modules) => modules.slice(1), /MODEL_INVALID.*Transformer/],
    ['no list', () => ({}), /MODEL_INVALID.*list/],
    ['a module without a type', () => [{ path: '' }], /MODEL_INVALID/],
  ])('%s', async (_, change, expected) => {
    const folder = edited('gtr', 'modules.json', (json) =>
      change(json as unknown as { type: string; path: string }[]),
    );
    expect(await refusal(folder)).toMatch(expected);
  });

  it.each<[CheckpointName, string, object, RegExp]>([
    [
      'gtr',
      '1_Pooling/config.json',
      { pooling_mode_max_tokens: true },
      /UNSUPPORTED.*pooling is "mean with max"/,
    ],
    ['gtr', '1_Pooling/config.json', { pooling_mode: 'weightedmean' }, /UNSUPPORTED.*weightedmean/],
    ['gtr', '2_Dense/config.json', { activation_function: 'torch.nn.Tanh' }, /UNSUPPORTED.*Tanh/],
    ['gtr', '2_Dense/config.json', { in_features: 31 }, /UNSUPPORTED.*31/],
    ['gtr', '2_Dense/config.json', { out_features: 31 }, /MODEL_INVALID.*31/],
    ['gemma', '3_Dense/config.json', { out_features: 16 }, /UNSUPPORTED.*dimensions/],
  ])('%s: %s with %j', async (name, file, change, expected) => {
    expect(await refusal(edited(name, file, (json) => ({ ...json, ...change })))).toMatch(expected);
  });
});

describe('a mean that leaves out the prompt', () => {
  const prompts = (value: object): string => {
    const folder = edited('gtr', '1_Pooling/config.json', (json) => ({ ...json, include_prompt: false }));
    writeFileSync(join(folder, 'config_sentence_transformers.json'), JSON.stringify(value));
    return folder;
  };

  it('is refused where there are prompts', async () => {
    const folder = prompts({ prompts: { query: 'Represent this: ', document: '' } });
    expect(await refusal(folder)).toMatch(/UNSUPPORTED.*leaves out the prompt.*include_prompt/);
  });

  it.each([{}, { prompts: { query: '', document: '' } }])(
    'is reported where there are none: %j',
    async (value) => {
      expect(await convertModel(prompts(value), newPath())).toMatchObject({ excludesPrompt: true });
    },
  );

  it('changes nothing with other poolings', async () => {
    const flags = { pooling_mode_mean_tokens: false, pooling_mode_lasttoken: true, include_prompt: false };
    const folder = edited('gtr', '1_Pooling/config.json', (json) => ({ ...json, ...flags }));
    writeFileSync(join(folder, 'config_sentence_transformers.json'), '{"prompts": {"query": "q: "}}');
    expect(await convertModel(folder, newPath())).toMatchObject({ pooling: 'last', excludesPrompt: false });
  });
});

describe('config.json', () => {
  it.each<[CheckpointName, object, RegExp]>([
    ['bert', { model_type: 'qwen3' }, /UNSUPPORTED.*"qwen3".*convert_hf_to_gguf\.py/],
    ['bert', { model_type: null }, /UNSUPPORTED.*convert_hf_to_gguf\.py/],
    ['bert', { hidden_act: 'gelu_new' }, /UNSUPPORTED.*gelu_new/],
    ['bert', { position_embedding_type: 'relative_key' }, /UNSUPPORTED.*relative_key/],
    ['bert', { num_attention_heads: 3 }, /MODEL_INVALID.*divide/],
    ['bert', { num_hidden_layers: 3 }, /MODEL_INVALID.*no tensor "encoder\.layer\.2/],
    ['bert', { num_hidden_layers: 1e9 }, /MODEL_INVALID.*from 1 to 512/],
    ['bert', { hidden_size: '32' }, /MODEL_INVALID.*whole number/],
    ['bert', { vocab_size: 1e9 }, /MODEL_INVALID.*vocab_size/],
    ['bert', { max_position_embeddings: 512 }, /MODEL_INVALID.*asks for 512 × 32/],
    ['bert', { quantization_config: {} }, /UNSUPPORTED.*quantized/],
    ['e5rope', { rotary_value: true }, /UNSUPPORTED.*rotary_value/],
    ['gtr', { relative_attention_max_distance: 64 }, /UNSUPPORTED.*64/],
    ['gtr', { feed_forward_proj: 'gated-silu' }, /UNSUPPORTED.*gated-silu/],
    ['gemma', { use_bidirectional_attention: false }, /UNSUPPORTED.*convert_hf_to_gguf\.py/],
    ['gemma', { query_pre_attn_scalar: 32 }, /UNSUPPORTED.*heads/],
    ['gemma', { layer_types: ['full_attention'] }, /UNSUPPORTED.*6th/],
  ])('%s with %j', async (name, change, expected) => {
    expect(await refusal(edited(name, 'config.json', (json) => ({ ...json, ...change })))).toMatch(expected);
  });

  it('that is missing, no JSON, or no object', async () => {
    const folder = copyOf('bert');
    writeFileSync(join(folder, 'config.json'), '[1]');
    expect(await refusal(folder)).toMatch(/MODEL_INVALID.*JSON object/);
    writeFileSync(join(folder, 'config.json'), '{');
    expect(await refusal(folder)).toMatch(/MODEL_INVALID.*valid JSON/);
    rmSync(join(folder, 'config.json'));
    expect(await refusal(folder)).toMatch(/MODEL_INVALID.*no config\.json/);
  });
});

describe('arguments and outputs', () => {
  it.each<[string, RegExp]>([
    ['/nowhere/at-all', /MODEL_NOT_FOUND/],
    [fileURLToPath(import.meta.url), /MODEL_NOT_FOUND.*not a folder/],
    ['', /INVALID_OPTION/],
  ])('the folder %j', async (folder, expected) => {
    expect(await refusal(folder)).toMatch(expected);
  });

  it('options', async () => {
    expect(await refusal(copyOf('bert'), { type: 'q4_0' })).toMatch(/INVALID_OPTION.*q8_0/);
    expect(await refusal(copyOf('bert'), { typ: 'f16' })).toMatch(/INVALID_OPTION.*typ/);
    expect(await refusal(copyOf('bert'), { signal: AbortSignal.abort() })).toMatch(/ABORTED/);
    const stop = new AbortController();
    const onProgress = (): void => stop.abort();
    expect(await refusal(copyOf('bert'), { signal: stop.signal, onProgress })).toMatch(/ABORTED/);
  });

  it('an output that exists, unless it may be replaced; never the input', async () => {
    const folder = copyOf('bert');
    const output = newPath();
    writeFileSync(output, 'mine');
    await expect(convertModel(folder, output)).rejects.toThrow(/exists/);
    expect(readFileSync(output, 'utf8')).toBe('mine');
    await convertModel(folder, output, { overwrite: true });
    expect(readFileSync(output).subarray(0, 4).toString()).toBe('GGUF');
    const weights = join(folder, 'model.safetensors');
    await expect(convertModel(folder, weights, { overwrite: true })).rejects.toThrow(/same file/);
    await expect(convertModel(folder, folder, { overwrite: true })).rejects.toThrow(/directory/);
    await expect(convertModel(folder, join(folder, 'no', 'x.gguf'))).rejects.toThrow(
      /directory does not exist/,
    );
  });

  it('takes the name of a repository from the hub’s cache, whose files are links', async () => {
    const cached = copyOf('bert');
    const hub = newPath('');
    const snapshot = join(hub, 'models--intfloat--e5-base-v2', 'snapshots');
    mkdirSync(snapshot, { recursive: true });
    symlinkSync(cached, join(snapshot, '0123abc'));
    expect(await convertModel(join(snapshot, '0123abc'), newPath())).toMatchObject({ name: 'e5-base-v2' });
    expect(await convertModel(cached, newPath(), { name: 'Mine' })).toMatchObject({ name: 'Mine' });
  });
});

describe('what would silently give other vectors is refused:', () => {
  it('weights without a position matrix that config.json asks for', async () => {
    const folder = withHeader((header) => {
      for (const name of Object.keys(header).filter((one) => one.includes('position_embeddings'))) {
        Reflect.deleteProperty(header, name);
      }
    });
    const path = join(folder, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(
      path,
      JSON.stringify({ ...config, model_type: 'bert', position_embedding_type: 'absolute' }),
    );
    expect(await refusal(folder)).toMatch(/ERR_MODEL_INVALID: .*no embeddings\.position_embeddings\.weight/);
  });

  it('a tokenizer.json and a tokenizer_config.json that disagree', async () => {
    const folder = edited('bert', 'tokenizer_config.json', (config) => ({ ...config, do_lower_case: false }));
    expect(await refusal(folder)).toMatch(
      /ERR_MODEL_INVALID: .*do_lower_case is false, and tokenizer\.json says true/,
    );
  });

  it('merges that one score a piece cannot say', async () => {
    const folder = edited('gemma', 'tokenizer.json', (json) => {
      const model = json['model'] as { merges: unknown[] };
      // A piece with two merges, the second of which comes after all others.
      const pieces = model.merges.map((merge) =>
        typeof merge === 'string' ? merge.replace(' ', '') : (merge as string[]).join(''),
      );
      const twice = pieces.findIndex((piece, i) => i > 0 && pieces[i - 1] === piece);
      expect(twice).toBeGreaterThan(0);
      model.merges.push(...model.merges.splice(twice, 1));
    });
    expect(await refusal(folder)).toMatch(/ERR_ARCHITECTURE_UNSUPPORTED: .*one score for both/);
  });
});

it('--force does not replace a file of the checkpoint', async () => {
  const folder = copyOf('bert');
  const path = join(folder, 'config.json');
  const before = readFileSync(path, 'utf8');
  await expect(convertModel(folder, path, { overwrite: true })).rejects.toMatchObject({
    code: 'ERR_INVALID_OPTION',
  });
  expect(readFileSync(path, 'utf8')).toBe(before);
});

it.each(['config.json', 'tokenizer.json', '1_Pooling/config.json', 'model.safetensors'])(
  '--force does not replace %s by another name',
  async (name) => {
    const folder = copyOf('bert');
    const before = readFileSync(join(folder, name));
    const [linked, link, hard] = [newPath(''), newPath(), newPath()];
    symlinkSync(folder, linked);
    symlinkSync(join(folder, name), link);
    linkSync(join(folder, name), hard);
    for (const [from, output] of [
      [linked, join(folder, name)],
      [folder, join(linked, name)],
      [folder, link],
      [folder, hard],
    ] as const) {
      await expect(convertModel(from, output, { overwrite: true })).rejects.toThrow(/same file as the input/);
    }
    expect(readFileSync(join(folder, name)).equals(before)).toBe(true);
  },
);

it('a file that was converted before is replaced in the folder', async () => {
  const folder = copyOf('bert');
  const output = join(folder, 'bert-f16.gguf');
  await convertModel(folder, output);
  expect(await convertModel(folder, output, { overwrite: true })).toMatchObject({ path: output });
});

it.each([
  [3e-37, 0],
  [1e-38, 0],
  [1e-41, 0],
  [1e-6, 127],
])('numbers as small as %f are quantized, to %i', (number, expected) => {
  const bytes = toBlocks(new Float32Array(32).fill(number));
  expect([...bytes.subarray(2)]).toEqual(new Array<number>(32).fill(expected));
});
