import { describe, expect, it } from 'vitest';
import { PRESETS, type Preset } from '../../lib/model/presets/index.js';
import type { NativeFacts } from '../../lib/native/index.js';
import { FACTS, FakeNative } from './fake-native.js';

/** The facts of a file of a preset's model; its name is what the tests vary. */
function factsOf(name: string): NativeFacts {
  const preset = PRESETS.find((candidate) => candidate.name === name);
  if (preset === undefined) throw new Error(`no preset ${name}`);
  return shaped(preset);
}

function shaped({ shape }: Preset): NativeFacts {
  const rows = shape.positionRows?.[0] ?? 0;
  return {
    ...FACTS,
    architecture: shape.architecture,
    layers: shape.layers,
    dimensions: shape.dimensions,
    vocabularySize: shape.vocabulary[0],
    positionEncoding: rows > 0 ? 'absolute' : 'rope',
    positionRows: rows,
    contextLength: rows > 0 ? rows : 32768,
    pooling: null,
    name: null,
    metadata: {},
  };
}

/** The preset that a file is taken for; each key of `general` as in the file. */
async function found(facts: NativeFacts, general: Record<string, string>): Promise<string | null> {
  const metadata = Object.fromEntries(
    Object.entries(general).map(([key, value]) => [`general.${key}`, value]),
  );
  const model = await new FakeNative({ ...facts, name: general['name'] ?? null, metadata }).open();
  return model.info.preset;
}

describe('a file is recognised', () => {
  // What llama.cpp's converter at v0.5.0 makes of the names of the models' folders.
  it.each([
    ['e5-small', 'E5 Small'],
    ['e5-small-v2', 'E5 Small v2'],
    ['e5-base', 'E5 Base'],
    ['e5-base-v2', 'E5 Base v2'],
    ['e5-large', 'E5 Large'],
    ['e5-large-v2', 'E5 Large v2'],
    ['multilingual-e5-small', 'Multilingual E5 Small'],
    ['multilingual-e5-base', 'Multilingual E5 Base'],
    ['multilingual-e5-large', 'Multilingual E5 Large'],
    ['multilingual-e5-large-instruct', 'Multilingual E5 Large Instruct'],
    ['e5-base-4k', 'E5 Base 4k'],
    ['e5rope-base', 'E5Rope Base'],
    ['gte-base', 'Gte Base'],
    ['bge-base-en-v1.5', 'Bge Base En v1.5'],
    ['bge-base-en-v1.5', 'Bge Base En'],
    ['bge-small-en-v1.5', 'Bge Small'],
    ['bge-m3', 'Bge M3'],
    ['contriever', 'Contriever'],
    ['contriever-msmarco', 'Contriever Msmarco'],
    ['e5-mistral-7b-instruct', 'E5 Mistral 7b Instruct'],
    ['sfr-embedding-mistral', 'SFR Embedding Mistral'],
    ['jina-embeddings-v2-base-en', 'Jina Embeddings v2 Base En'],
    ['jina-embeddings-v2-base-en', 'Jina Bert Implementation'],
    ['jina-embeddings-v2-small-en', 'Jina Bert Implementation'],
    ['nomic-embed-text-v1', 'Nomic Embed Text v1'],
    ['nomic-embed-text-v1.5', 'Nomic Embed Text v1.5'],
    ['all-minilm-l6-v2', 'All MiniLM L6 v2'],
    ['all-minilm-l12-v2', 'All MiniLM L12 v2'],
    ['qwen3-embedding-0.6b', 'Qwen3 Embedding 0.6B'],
    ['qwen3-embedding-4b', 'Qwen3 Embedding 4B'],
    ['qwen3-embedding-8b', 'Qwen3 Embedding 8B'],
    ['gte-qwen2-1.5b-instruct', 'Gte Qwen2 1.5B Instruct'],
    ['gte-qwen2-7b-instruct', 'Gte Qwen2 7B Instruct'],
    ['embeddinggemma-300m', 'Embeddinggemma 300m'],
    ['modernbert-embed-base', 'Modernbert Embed Base'],
    ['gte-modernbert-base', 'Gte Modernbert Base'],
    ['granite-embedding-english-r2', 'Granite Embedding English R2'],
    ['granite-embedding-small-english-r2', 'Granite Embedding Small English R2'],
    ['snowflake-arctic-embed-l-v2.0', 'Snowflake Arctic Embed L v2.0'],
    ['mxbai-embed-large-v1', 'Mxbai Embed Large v1'],
    ['nomic-embed-text-v2-moe', 'Nomic Embed Text v2 Moe'],
    ['gtr-t5-base', 'Gtr T5 Base'],
    ['sentence-t5-large', 'Sentence T5 Large'],
    // Other writers' spellings.
    ['qwen3-embedding-0.6b', 'Qwen3-Embedding-0.6B-Q8_0'],
    ['embeddinggemma-300m', 'Embeddinggemma 300M Qat Q8_0 Unquantized'],
    ['snowflake-arctic-embed-l-v2.0', 'Snowflake/snowflake-arctic-embed-l-v2.0'],
    ['nomic-embed-text-v1.5', 'nomic-embed-text-v1.5'],
    ['e5-base-v2', 'intfloat_e5-base-v2'],
    ['e5-base-v2', 'intfloat/e5-base-v2'],
    ['e5-mistral-7b-instruct', 'e5-mistral-7b-instruct.Q4_K_M.gguf'],
    ['bge-m3', 'bge-m3-FP16'],
  ])('as %s by general.name %j', async (name, generalName) => {
    expect(await found(factsOf(name), { name: generalName })).toBe(name);
  });

  it.each<[string, Record<string, string>]>([
    ['e5-base-v2', { name: 'Model', 'source.huggingface.repository': 'intfloat/e5-base-v2' }],
    ['e5-base-v2', { name: 'Model', 'source.repo_url': 'https://example.org/intfloat/e5-base-v2/' }],
    ['bge-base-en-v1.5', { name: 'Model', repo_url: 'https://example.org/somebody/bge-base-en-v1.5-gguf' }],
    ['e5-base-v2', { name: 'Tmpabc123', basename: 'e5-base', version: 'v2', size_label: '109M' }],
    [
      'e5-mistral-7b-instruct',
      { name: 'Weights', basename: 'e5-mistral', size_label: '7B', finetune: 'instruct' },
    ],
  ])('as %s by %j', async (name, general) => {
    expect(await found(factsOf(name), general)).toBe(name);
  });
});

describe('a file named after the model it was trained from', () => {
  // llama.cpp's converter takes the name from config.json, where the one of all-MiniLM-L6-v2 still says where it came from.
  const general = (...datasets: string[]): Record<string, string> => ({
    name: 'MiniLM L6 H384 Uncased',
    ...Object.fromEntries(datasets.map((name, index) => [`dataset.${index}.name`, name])),
  });

  it('is recognised by the data it was trained on', async () => {
    const data = general('S2Orc', 'Ms_Marco', 'Code_Search_Net', 'Multi_Nli', 'Wikihow');
    expect(await found(factsOf('all-minilm-l6-v2'), data)).toBe('all-minilm-l6-v2');
  });

  it.each([
    ['other data', general('Stackexchange_Xml', 'Ms_Marco', 'Gooaq')],
    ['none named', general()],
    [
      'another origin',
      { ...general('Code_Search_Net', 'Multi_Nli', 'Wikihow'), name: 'MiniLM L12 H384 Uncased' },
    ],
  ])('is not with %s', async (_what, data) => {
    expect(await found(factsOf('all-minilm-l6-v2'), data)).toBe(null);
  });
});

describe('a file is not mistaken for another model', () => {
  it.each<[string, string, Partial<NativeFacts>]>([
    ['e5-mistral-7b-instruct', 'Mistral 7B Instruct v0.2', {}],
    ['e5-mistral-7b-instruct', 'Linq Embed Mistral', {}],
    ['e5-base-v2', 'E5 Base v2 Legal', {}],
    ['e5-base-v2', 'Tmpabc123', {}],
    ['e5-base-v2', 'Model', {}],
    ['e5-base-v2', 'Base', {}],
    // The right name on another shape.
    ['e5-mistral-7b-instruct', 'E5 Mistral 7b Instruct', { architecture: 'qwen2' }],
    ['e5-mistral-7b-instruct', 'E5 Mistral 7b Instruct', { vocabularySize: 128256 }],
    ['e5-base-v2', 'E5 Base v2', { layers: 6 }],
    ['e5-base-v2', 'E5 Base v2', { dimensions: 384 }],
    ['e5-base-v2', 'E5 Base v2', { positionRows: 4096 }],
    ['contriever', 'Contriever', { vocabularySize: 119547 }],
  ])('%s: %s, %o', async (name, generalName, other) => {
    expect(await found({ ...factsOf(name), ...other }, { name: generalName })).toBe(null);
  });

  it('by the base_model that a fine-tuned file names', async () => {
    const general = {
      name: 'Legal',
      'base_model.0.name': 'E5 Base v2',
      'base_model.0.repo_url': 'intfloat/e5-base-v2',
    };
    expect(await found(factsOf('e5-base-v2'), general)).toBe(null);
  });
});

describe('the option preset', () => {
  it('forces a preset by its name or an alias, on any file', async () => {
    for (const preset of ['e5-mistral', 'intfloat/e5-mistral-7b-instruct', 'E5 Mistral 7b Instruct']) {
      const { info } = await new FakeNative({ contextLength: 32768, positionEncoding: 'rope' }).open({
        preset,
      });
      expect(info).toMatchObject({
        preset: 'e5-mistral-7b-instruct',
        pooling: 'last',
        poolingSource: 'preset',
        nativeContext: 4096,
        nativeContextSource: 'preset',
        prompts: {
          query:
            'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ',
          document: '',
        },
      });
    }
  });

  it('picks the size that fits where several models share a name', async () => {
    for (const name of ['jina-embeddings-v2-base-en', 'jina-embeddings-v2-small-en']) {
      const model = await new FakeNative(factsOf(name)).open({ preset: 'jina-bert-implementation' });
      expect(model.info.preset).toBe(name);
    }
  });

  it('false switches recognition off', async () => {
    const native = new FakeNative({ ...factsOf('e5-base-v2'), name: 'E5 Base v2', pooling: 'cls' });
    const { info } = await native.open({ preset: false });
    expect(info).toMatchObject({
      preset: null,
      pooling: 'cls',
      poolingSource: 'file',
      prompts: { query: '', document: '' },
    });
  });

  it('unknown is an error that lists the known ones, and frees the file', async () => {
    const native = new FakeNative();
    await expect(native.open({ preset: 'e6' })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(/"e6".*e5-small, .*nomic-embed-text-v1\.5/) as string,
    });
    expect(native.disposals).toBe(1);
  });
});

describe('settings', () => {
  it('end Qwen3-Embedding with <|endoftext|>, whatever the file names as EOS', async () => {
    const facts = {
      ...factsOf('qwen3-embedding-0.6b'),
      ...{ name: 'Qwen3 Embedding 0.6B', causal: true, pooling: 'last' as const },
    };
    for (const [eosToken, suffixTokens] of [
      [151645, []],
      [151645, [151645]],
      [151643, [151643]],
    ] as const) {
      const { info } = await new FakeNative({ ...facts, eosToken, suffixTokens: [...suffixTokens] }).open();
      expect(info.specialTokens).toEqual({ prefix: [], suffix: [151643] });
      expect(info.pooling).toBe('last');
      expect(info.warnings).toEqual([]);
    }
    const { info } = await new FakeNative({ ...facts, eosToken: 151645 }).open({
      specialTokens: { eos: false },
    });
    expect(info.specialTokens.suffix).toEqual([]);
  });

  it('warn about a gte-Qwen2 file that does not say that it attends in both directions', async () => {
    const facts = {
      ...factsOf('gte-qwen2-1.5b-instruct'),
      ...{ name: 'Gte Qwen2 1.5B Instruct', pooling: 'last' as const },
    };
    const warned = await new FakeNative({ ...facts, causal: true }).open();
    expect(warned.info.warnings).toEqual([expect.stringContaining('attention.causal')]);
    const right = await new FakeNative({ ...facts, causal: false }).open();
    expect(right.info.warnings).toEqual([]);
  });

  const e5 = () => new FakeNative({ ...factsOf('e5-base-v2'), name: 'E5 Base v2' });

  it('come from the caller before the preset, field by field', async () => {
    const { info } = await e5().open({ pooling: 'cls', nativeContext: 256, prompts: { query: 'q: ' } });
    expect(info).toMatchObject({
      preset: 'e5-base-v2',
      pooling: 'cls',
      poolingSource: 'option',
      nativeContext: 256,
      nativeContextSource: 'option',
      prompts: { query: 'q: ', document: 'passage: ' },
    });
    expect((await e5().open({ prompts: { document: '' } })).info.prompts).toEqual({
      query: 'query: ',
      document: '',
    });
  });

  it('come from the file if neither the caller nor the preset gives them', async () => {
    const { info } = await new FakeNative().open();
    expect(info).toMatchObject({
      preset: null,
      pooling: 'mean',
      poolingSource: 'file',
      nativeContext: 16,
      nativeContextSource: 'file',
      specialTokens: { prefix: [1], suffix: [2] },
    });
  });

  it('of E5-Mistral put BOS before and EOS after, which its file does not request', async () => {
    const facts = {
      ...factsOf('e5-mistral-7b-instruct'),
      name: 'E5 Mistral 7b Instruct',
      contextLength: 32768,
    };
    const native = { ...facts, prefixTokens: [1], suffixTokens: [], bosToken: 1, eosToken: 2 };
    const { info } = await new FakeNative(native).open();
    expect(info).toMatchObject({
      specialTokens: { prefix: [1], suffix: [2] },
      nativeContext: 4096,
      fileContext: 32768,
    });
  });

  it('refuse a native context past the position matrix', async () => {
    const native = new FakeNative();
    await expect(native.open({ nativeContext: 17 })).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(/nativeContext is 17.*16 rows/) as string,
    });
  });

  it.each(['rank', 'none', null] as const)('leave pooling open when the file says %s', async (pooling) => {
    const model = await new FakeNative({ pooling }).open();
    expect(model.info).toMatchObject({ pooling: null, poolingSource: null });
    await expect(model.embed('10')).rejects.toMatchObject({
      code: 'ERR_INVALID_OPTION',
      message: expect.stringMatching(/option pooling, one of mean, cls, last/) as string,
    });
    expect((await model.embed('10', { pooling: 'last' })).tokens).toBe(3);
  });
});

it('every preset has a native context that its position matrix holds', () => {
  for (const { name, nativeContext, shape, shortInputs } of PRESETS) {
    const rows = shape.positionRows?.[0] ?? Infinity;
    expect(nativeContext, name).toBeLessThanOrEqual(rows);
    if (shortInputs !== undefined)
      expect((shortInputs.upTo - 1) * shortInputs.stride, name).toBeLessThan(rows);
  }
});
