/** POST /v1/embeddings: the vectors are the library's, and what cannot be embedded is refused in OpenAI's words. */
import { describe, expect, it } from 'vitest';
import { EmbeddingModel } from '../../lib/index.js';
import { FakeNative } from '../model/fake-native.js';
import { decode, expectRefused, LONG, startServer, type TestServer, withServer } from './helpers.js';

const PATH = '/v1/embeddings';

let model: EmbeddingModel;
let test: TestServer;
withServer((...started) => ([model, test] = started));

const vector = async (...args: Parameters<EmbeddingModel['embed']>): Promise<number[]> => [
  ...(await model.embed(...args)).embedding,
];

describe('inputs', () => {
  it('a text', async () => {
    const { status, json } = await test.post(PATH, { model: 'mini', input: 'a short text' });
    const { embedding, tokens } = await model.embed('a short text');
    expect(status).toBe(200);
    expect(json).toEqual({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [...embedding] }],
      model: 'mini',
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  });

  it('texts, in order, without a model’s name when there is one model', async () => {
    const texts = ['one', 'two words', LONG.slice(0, 300), 'one'];
    const { json } = await test.post(PATH, { input: texts });
    expect(json.data.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2, 3]);
    for (const [i, text] of texts.entries()) expect(json.data[i].embedding).toEqual(await vector(text));
  });

  it('token ids of a text and of several, as /tokenize gives them', async () => {
    const { json: tokenized } = await test.post('/tokenize', { input: ['green grass', 'blue sky'] });
    expect(tokenized.tokens[0]).toEqual([...(await model.tokenize('green grass'))]);
    const { json: many } = await test.post(PATH, { input: tokenized.tokens });
    const { json: one } = await test.post(PATH, { input: tokenized.tokens[0] });
    expect(many.data[0].embedding).toEqual(await vector([...tokenized.tokens[0]]));
    expect(many.data[1].embedding).toEqual(await vector([...tokenized.tokens[1]]));
    expect(one.data).toHaveLength(1);
    expect(one.data[0].embedding).toEqual(many.data[0].embedding);
  });

  it('base64 holds little-endian float32', async () => {
    const { json } = await test.post(PATH, { input: 'a short text', encoding_format: 'base64' });
    expect([...decode(json.data[0].embedding)]).toEqual(await vector('a short text'));
  });

  it('null means left out, and fields of others are passed over', async () => {
    const given = { input: 'x', user: null, dimensions: null, extend: null, encoding_format: null, foo: [1] };
    expect((await test.post(PATH, given)).json.data[0].embedding).toEqual(await vector('x'));
  });

  it('thousands of numbers are sent in pieces', async () => {
    const texts = Array.from({ length: 200 }, (_, i) => `text ${i}`);
    const { json, text } = await test.post(PATH, { input: texts });
    expect(text.length).toBeGreaterThan(1 << 18);
    expect(json.data).toHaveLength(200);
    expect(json.data[199].embedding).toEqual(await vector('text 199'));
  });
});

describe('settings', () => {
  it.each([
    [{ extend: 'pcw:2k' }, { extend: 'pcw:2k' }],
    [{ extend: 'ntk:2k,lambda=10' }, { extend: 'ntk:2k,lambda=10' }],
    [
      { extend: 'gp:2k', normalize: false },
      { extend: 'gp:2k', normalize: false },
    ],
    [{ truncate: true }, { truncate: true }],
    [{ truncate: 'END' }, { truncate: true }],
    [{ truncate_prompt_tokens: 100 }, { truncate: true, maxTokens: 100 }],
    [{ truncate_prompt_tokens: -1 }, { truncate: true }],
    [{ truncate_prompt_tokens: 4000 }, { truncate: true }],
    [{ longembed: { extend: 'pcw:2k' } }, { extend: 'pcw:2k' }],
    [{ longembed: { extend: 'gp:2k' }, extend: 'pcw:2k' }, { extend: 'pcw:2k' }],
    [
      { extend: 'pcw:2k', dimensions: 64 },
      { extend: 'pcw:2k', dimensions: 64 },
    ],
  ] as const)('%j of a long text', async (fields, options) => {
    const { status, json } = await test.post(PATH, { input: LONG, ...fields });
    expect([status, json.error]).toEqual([200, undefined]);
    expect(json.data[0].embedding).toEqual(await vector(LONG, options));
  });

  it.each([
    [{ input_type: 'query' }, { as: 'query' }],
    [{ input_type: 'search_query' }, { as: 'query' }],
    [{ input_type: 'passage' }, { as: 'document' }],
    [{ prompt_name: 'query' }, { as: 'query' }],
    [{ input_type: 'raw' }, { as: 'raw' }],
    [{ prompt: 'about grass: ', input_type: 'query' }, { prompt: 'about grass: ' }],
  ] as const)('%j puts its prompt before the text', async (fields, options) => {
    const prompts = { query: 'query: ', document: 'passage: ' };
    const load = { isolate: false, threads: 1, prompts };
    const own = await startServer({ load });
    const prompted = await EmbeddingModel.load('mini-rope', { threads: 1, prompts });
    const { json } = await own.post(PATH, { input: 'green grass', ...fields });
    const { embedding, tokens } = await prompted.embed('green grass', options);
    expect(json.data[0].embedding).toEqual([...embedding]);
    expect(json.usage.prompt_tokens).toBe(tokens);
    await prompted.dispose();
    await own.server.close();
  });

  it('late chunking reads chunks in their document', async () => {
    const chunks = ['the sky is blue. ', 'it is far above. ', 'the grass is green.'];
    const { json } = await test.post(PATH, { input: chunks, late_chunking: true, extend: 'gp:2k' });
    const expected = await model.embedChunks(chunks, { extend: 'gp:2k' });
    expect(json.data.map((item: { embedding: number[] }) => item.embedding)).toEqual(
      expected.chunks.map(({ embedding }) => [...embedding]),
    );
    expect(json.usage.prompt_tokens).toBe(expected.tokens);
  });

  it('late chunking of token ids', async () => {
    const chunks = [
      [5, 6, 7, 8],
      [9, 10, 11],
    ];
    const { json } = await test.post(PATH, { input: chunks, late_chunking: true });
    const expected = await model.embedChunks({
      tokens: chunks.flat(),
      spans: [
        [0, 4],
        [4, 7],
      ],
    });
    expect(json.data[1].embedding).toEqual([...expected.chunks[1]!.embedding]);
  });

  it('details tell of each input, and a header of those that were cut', async () => {
    const { json, headers } = await test.post(`${PATH}?details=1`, { input: ['x', LONG], truncate: true });
    const cut = await model.embed(LONG, { truncate: true });
    expect(json.data[0].longembed).toEqual({ tokens: 3, windows: 1, truncated: false, extend: 'none' });
    expect(json.data[1].longembed).toEqual({
      tokens: cut.tokens,
      windows: 1,
      truncated: true,
      extend: 'none',
    });
    expect(headers.get('x-longembed-truncated')).toBe('1');
  });
});

describe('refusals', () => {
  const refused = async (body: unknown, status: number, code: string, message: RegExp) =>
    expectRefused(await test.post(PATH, body), status, code, message);

  it('a text that is too long: its length, the limit and what to do', async () => {
    const { tokens } = await model.embed(LONG, { extend: 'pcw:2k' });
    const words = new RegExp(
      `^This model's maximum context length is 256 tokens, however you requested ${tokens} tokens \\(.*truncate.*pcw:1k`,
    );
    await refused({ input: LONG }, 400, 'context_length_exceeded', words);
    await refused({ input: ['short', LONG] }, 400, 'context_length_exceeded', /input 1/);
    await refused({ input: LONG, extend: 'pcw:512' }, 400, 'context_length_exceeded', /is 512 tokens/);
    const ids = [...(await model.tokenize(LONG))];
    await refused({ input: ids }, 400, 'context_length_exceeded', words);
  });

  it('a text of megabytes', async () => {
    const text = 'grass '.repeat(300_000);
    await refused({ input: text }, 400, 'context_length_exceeded', /maximum context length is 256 tokens/);
    const { json } = await test.post(PATH, { input: text, truncate: true });
    expect(json.data[0].embedding).toEqual(await vector(text, { truncate: true }));
  });

  it.each([
    [{ input: '' }, 'ERR_INPUT_EMPTY', /The input is empty/],
    [{ input: ['a', ' \n'] }, 'ERR_INPUT_EMPTY', /Input 1 is only white space/],
    [{ input: [] }, 'invalid_value', /input is an array of 0/],
    [{ input: [[]] }, 'invalid_value', /input/],
    [{ input: [1, 'a'] }, 'invalid_value', /input is an array of 2: .*; item 1 is "a"\.$/],
    [{ input: ['a', 'b', null] }, 'invalid_value', /; item 2 is null\.$/],
    [{ input: [[1], ['a']] }, 'invalid_value', /; item 1 is an array of 1\.$/],
    [{ input: [{ text: 'a' }] }, 'invalid_value', /; item 0 is an object\.$/],
    [{ input: [] }, 'invalid_value', /or an array of such arrays\.$/],
    [{ input: [1.5] }, 'invalid_value', /input/],
    [{ input: [-1] }, 'invalid_value', /input/],
    [{ input: [16384] }, 'ERR_TOKENIZER', /vocabulary of this model ends at 16383/],
    [{ input: 5 }, 'invalid_value', /input is 5/],
    [{ model: 'mini' }, 'invalid_value', /input is missing/],
    [{ input: 'x', dimensions: 0 }, 'invalid_value', /dimensions is 0/],
    [{ input: 'x', dimensions: 769 }, 'ERR_INVALID_OPTION', /this model has 768/],
    [{ input: 'x', dimensions: '64' }, 'invalid_value', /dimensions is "64"/],
    [{ input: 'x', encoding_format: 'hex' }, 'invalid_value', /float or base64/],
    [{ input: 'x', output_dtype: 'int8' }, 'invalid_value', /output_dtype is "int8": .* float32/],
    [{ input: 'x', embed_dtype: 'float16' }, 'invalid_value', /embed_dtype is "float16"/],
    [{ input: 'x', embedding_type: 'binary' }, 'invalid_value', /embedding_type is "binary"/],
    [{ input: 'x', endianness: 'big' }, 'invalid_value', /little-endian/],
    [{ input: 'x', input_type: 'clustering' }, 'invalid_value', /one of query/],
    [{ input: 'x', input_type: 'query', prompt_name: 'document' }, 'ERR_INVALID_OPTION', /give one of them/],
    [{ input: 'x', truncate: 'START' }, 'invalid_value', /"NONE" or "END"/],
    [{ input: 'x', truncate_prompt_tokens: 0 }, 'invalid_value', /-1 or a whole number from 1/],
    [{ input: 'x', truncation_side: 'left' }, 'invalid_value', /cut at their end/],
    [{ input: 'x', extend: 'foo:4k' }, 'ERR_INVALID_OPTION', /Unknown strategy/],
    [{ input: 'x', extend: 'pcw:4k,z=1' }, 'ERR_INVALID_OPTION', /Unknown key/],
    [{ input: 'x', longembed: { nope: 1 } }, 'invalid_value', /longembed has no field "nope"/],
    [{ input: 'x', messages: [{ role: 'user', content: 'x' }] }, 'invalid_value', /use_chat_template=False/],
    [[], 'invalid_value', /The body is an array/],
    ['{"input": ', 'invalid_json', /not JSON/],
    [{ input: 'x', prompt: 'p '.repeat(400), truncate: true }, 'context_length_exceeded', /maximum context/],
    [{ input: 'x', truncate_prompt_tokens: 2 }, 'invalid_value', /take 2 tokens.*more than 2/],
    [
      { input: 'x', prompt: 'a b c ', truncate_prompt_tokens: 4 },
      'invalid_value',
      /truncate_prompt_tokens is 4/,
    ],
    [{ input: ['x'], late_chunking: true, truncate: true }, 'invalid_value', /never cut/],
    [{ input: ['x'], late_chunking: true, truncate_prompt_tokens: 100 }, 'invalid_value', /never cut/],
  ])('%j', async (body, code, message) => {
    await refused(body, 400, code, message);
  });

  it('formats of numbers are taken by the names of what is given anyway', async () => {
    const asked = { output_dtype: 'float', embed_dtype: 'float32', endianness: 'little' };
    const { json } = await test.post(PATH, { input: 'x', ...asked, embedding_type: 'float' });
    expect(json.data[0].embedding).toEqual(await vector('x'));
  });

  it('a vector of which dimensions leaves nothing is no failure of the engine', async () => {
    // mini-rope's first number is zero for the second, but for rounding
    const cut = { input: ['green grass', 'tenant'], dimensions: 1 };
    const answer = await test.post(PATH, cut);
    expectRefused(
      answer,
      422,
      'unusable_vector',
      /^Input 1 has no usable vector\. The first 1 of the 768 num/,
    );
    expect(answer.json.error.param).toBe('dimensions');
    expect((await test.post(PATH, { ...cut, dimensions: 64 })).status).toBe(200);
    const tei = await test.post('/embed', { inputs: cut.input, dimensions: 1 });
    expect([tei.status, tei.json.error_type]).toEqual([422, 'Validation']);
  });

  it.each([
    ['zero', [0, 0, 0]],
    ['not finite', [1, NaN, 0]],
  ])('a vector of the model that is %s is none either', async (what, vector) => {
    const native = new FakeNative();
    native.vector = (tokens) => (tokens[1] === 11 ? vector : [1, 0, 0]);
    const damaged = await native.open();
    const own = await startServer({ models: { damaged } });
    const answer = await own.post(PATH, { input: ['10', '11', '12'] });
    expectRefused(
      answer,
      422,
      'unusable_vector',
      new RegExp(`^Input 1 .* that is ${what}\\. The file may be`),
    );
    expect(answer.json.error.param).toBe('input');
    await own.server.close();
    await damaged.dispose();
  });

  it('half a character', async () => {
    const { status, json } = await test.post(PATH, '{"input": "a\\ud800"}');
    expect([status, json.error.code]).toEqual([400, 'ERR_TOKENIZER']);
    const prompt = await test.post(PATH, '{"input": "a", "prompt": "b\\ud800"}');
    expect([prompt.status, prompt.json.error.param]).toEqual([400, 'prompt']);
  });

  it('a model that is not here', async () => {
    await refused({ input: 'x', model: 'gpt-5' }, 404, 'model_not_found', /"gpt-5" does not exist/);
  });

  it('another content type, which a web page could send from elsewhere', async () => {
    const answer = await test.post(PATH, { input: 'x' }, { 'content-type': 'text/plain' });
    expectRefused(answer, 415, 'unsupported_media_type', /application\/json/);
  });

  it('another method, another path', async () => {
    const get = await test.get(PATH);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    const post = await test.post('/v1/models', {});
    // HEAD is answered as well
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    // it is no field of a request
    expect(post.json.error).toMatchObject({ code: 'method_not_allowed', param: null });
    expectRefused(await test.get('/v2'), 404, 'not_found', /no such endpoint/);
  });
});
