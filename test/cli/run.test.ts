import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../cli/exit.js';
import { LongEmbedError, type ModelInfo } from '../../lib/index.js';
import { lines, longembed } from './world.js';

const folder = mkdtempSync(join(tmpdir(), 'longembed-run-'));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const row = (id: string | number, length: number) => ({
  id,
  embedding: [length, 0.1],
  tokens: length,
  windows: 1,
  truncated: false,
});

describe('embed', () => {
  it('writes one line per document in order, and nothing else on standard output', async () => {
    const [a, b] = [file('a.txt', 'four'), file('b.txt', 'fives')];
    const { code, stdout, stderr } = await longembed(['embed', a, b, '--model', 'm.gguf']);
    expect(code).toBe(0);
    expect(lines(stdout)).toEqual([row(a, 4), row(b, 5)]);
    expect(stderr).toMatch(/^longembed: 2 documents, 9 tokens in .* tokens\/s\n$/);
  });

  it('reads standard input when it is piped', async () => {
    expect(lines((await longembed(['embed', '-m', 'm.gguf', '-q'], { stdin: 'four' })).stdout)).toEqual([
      row('-', 4),
    ]);
    expect(lines((await longembed(['embed', '-', '-m', 'm.gguf'], { stdin: 'four' })).stdout)).toEqual([
      row('-', 4),
    ]);
  });

  it('passes its options on', async () => {
    const args =
      'embed -m m.gguf --extend pi:4k,s=16 --native-context 4k --max-tokens 2k --as query --pooling cls --no-normalize --truncate ' +
      '--backend cpu --threads 2 --gpu-layers 0 --precision bf16 --preset none --tokenizer t.json';
    const { code, loaded, embedded } = await longembed([...args.split(' '), '--prompt', 'query: '], {
      stdin: 'four',
    });
    expect(code).toBe(0);
    expect(loaded).toMatchObject({
      nativeContext: 4096,
      backend: 'cpu',
      threads: 2,
      gpuLayers: 0,
      precision: 'bf16',
      preset: false,
      tokenizer: 't.json',
    });
    expect(embedded).toMatchObject([
      {
        input: { id: '-', text: 'four' },
        options: {
          extend: { method: 'pi', target: 4096, s: 16 },
          maxTokens: 2048,
          as: 'query',
          prompt: 'query: ',
          pooling: 'cls',
          normalize: false,
          truncate: true,
        },
      },
    ]);
  });

  it('leaves defaults to the library', async () => {
    const { loaded, embedded } = await longembed(['embed', '-m', 'm.gguf'], { stdin: 'four' });
    expect(loaded).toMatchObject({ backend: 'auto', preset: undefined, threads: undefined });
    expect(embedded[0]!.options).toMatchObject({
      as: 'document',
      normalize: true,
      extend: undefined,
      pooling: undefined,
    });
  });

  it('accepts token ids', async () => {
    const { stdout, embedded } = await longembed(['embed', '-m', 'm.gguf', '--input-format', 'tokens'], {
      stdin: '[5,6,7]\n[8]\n',
    });
    expect(embedded.map(({ input }) => input)).toEqual([
      { id: 0, tokens: [5, 6, 7] },
      { id: 1, tokens: [8] },
    ]);
    expect(lines(stdout)).toEqual([row(0, 3), row(1, 1)]);
  });

  it('names each document that fails, writes the others and exits with 1', async () => {
    const [a, empty] = [file('a.txt', 'four'), file('empty.txt', '')];
    const broken = file('broken.jsonl', '{"id":"x","text":"seven77"}\n{"id":"y"}\n{"id":"z","text":""}\n');
    const missing = join(folder, 'missing.txt');
    const latin1 = file('latin1.txt', Buffer.from('\xe9', 'latin1'));
    const { code, stdout, stderr } = await longembed([
      'embed',
      a,
      empty,
      missing,
      latin1,
      broken,
      '-m',
      'm.gguf',
      '-q',
    ]);
    expect(code).toBe(1);
    expect(lines(stdout)).toEqual([row(a, 4), row('x', 7)]);
    // What cannot be read is told as soon as it is read, what cannot be embedded when its turn comes.
    expect(stderr.trimEnd().split('\n').sort()).toEqual(
      [
        `longembed: ${missing}: ENOENT: there is no such file`,
        `longembed: ${latin1}: ERR_TOKENIZER: The text is not UTF-8: it ends within a character, at byte 1. Convert it to UTF-8 first.`,
        `longembed: ${empty}: ERR_INPUT_EMPTY: The input is empty.`,
        `longembed: ${broken}:2 (id "y"): ERR_INVALID_OPTION: The line has no "text" (its keys: id): expected {"id": "…", "text": "…"}; --text-key names another key.`,
        `longembed: ${broken}:3 (id "z"): ERR_INPUT_EMPTY: The input is empty.`,
      ].sort(),
    );
  });

  it('reads folders, lists of files and the keys that it is told', async () => {
    const corpus = join(folder, 'corpus');
    mkdirSync(join(corpus, 'more'), { recursive: true });
    writeFileSync(join(corpus, 'z.txt'), 'z');
    writeFileSync(join(corpus, 'more', 'a.txt'), 'aa');
    const list = file('list', `${corpus}\n`);
    const listed = await longembed(['embed', '-m', 'm', '--files-from', list]);
    expect(lines(listed.stdout)).toEqual([
      row(join(corpus, 'more', 'a.txt'), 2),
      row(join(corpus, 'z.txt'), 1),
    ]);
    const own = file('own.jsonl', '{"pid":"x","title":"T","body":"bbb"}\n{"pid":"x","body":"b"}\n');
    const keyed = await longembed(['embed', own, '-m', 'm', '--id-key', 'pid', '--text-key', 'body']);
    expect([keyed.code, lines(keyed.stdout)]).toEqual([1, [row('x', 3)]]);
    expect(keyed.stderr).toContain(
      `${own}:2 (id "x"): ERR_INVALID_OPTION: The id "x" is that of an earlier document`,
    );
  });

  it('warns once for a kind of file that is no text', async () => {
    const files = [file('1.csv', 'a,b'), file('2.csv', 'c,d')];
    const { code, stderr } = await longembed(['embed', ...files, '-m', 'm']);
    expect([code, stderr.match(/warning/g)]).toEqual([0, ['warning']]);
    expect(stderr).toContain(`longembed: warning: ${files[0]}: this is a table, read as one text`);
  });

  it.each([
    ['bos,eos', { bos: true, eos: true }],
    ['eos', { bos: false, eos: true }],
    ['none', { bos: false, eos: false }],
  ])('takes --special-tokens %s', async (names, specialTokens) => {
    for (const args of [
      ['embed', '-m', 'm'],
      ['info', 'm'],
      ['tokenize', '--with-special', '-m', 'm'],
    ]) {
      const { code, loaded } = await longembed([...args, '--special-tokens', names], { stdin: 'a' });
      expect([code, loaded?.specialTokens]).toEqual([0, specialTokens]);
    }
    const { code, stderr } = await longembed(['info', 'm', '--special-tokens', 'cls']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('It must be bos, eos, bos,eos or none.')]);
  });

  it('keeps the rows of a NumPy file aligned with the input', async () => {
    const output = join(folder, 'out.npy');
    const stdin = '{"text":"a"}\nnonsense\n{"text":""}\n{"text":"bb"}\nnonsense\n';
    const { code } = await longembed(['embed', '-m', 'm.gguf', '--input-format', 'jsonl', '-o', output], {
      stdin,
    });
    expect(code).toBe(1);
    const bytes = readFileSync(output);
    expect(bytes.toString('latin1', 10, 128)).toContain("'shape': (5, 2)");
    const numbers = Array.from({ length: 10 }, (_, i) => bytes.readFloatLE(128 + 4 * i));
    expect(numbers).toEqual([1, Math.fround(0.1), NaN, NaN, NaN, NaN, 2, Math.fround(0.1), NaN, NaN]);
  });

  it('writes an empty output for an empty input', async () => {
    const output = file('old.jsonl', 'old\n');
    const empty = file('empty.jsonl', '\n\n');
    const args = ['embed', empty, '-m', 'm.gguf', '-o', output];
    const refused = await longembed(args);
    expect([refused.code, readFileSync(output, 'utf8')]).toEqual([2, 'old\n']);
    expect(refused.stderr).toContain('exists: name another, or replace it with --force');
    const { code, stderr } = await longembed([...args, '--force']);
    expect([code, readFileSync(output, 'utf8')]).toEqual([0, '']);
    expect(stderr).toBe('longembed: the input holds no documents\n');
  });

  it('keeps an older output when every document fails', async () => {
    const output = file('older.jsonl', 'old\n');
    const { code, stderr } = await longembed(['embed', '-m', 'm.gguf', '-o', output, '--force'], {
      stdin: '',
    });
    expect([code, readFileSync(output, 'utf8')]).toEqual([1, 'old\n']);
    expect(stderr).toContain('no document gave a vector: the older output is kept');
  });

  it('does not overwrite its model or its tokenizer, with --force either', async () => {
    const document = file('document.txt', 'four');
    const [model, tokenizer] = [file('own.gguf', 'a model'), file('tokenizer.json', '{}')];
    const part = file('split-00002-of-00002.gguf', 'half a model');
    const split = file('split-00001-of-00002.gguf', 'half a model');
    for (const [used, output] of [
      [model, model],
      [model, tokenizer],
      [split, part],
    ] as const) {
      const before = readFileSync(output, 'utf8');
      const args = ['embed', document, '-m', used, '--tokenizer', tokenizer, '-o', output, '--force'];
      const { code, stderr, loaded } = await longembed(args);
      expect(code).toBe(2);
      expect(stderr).toContain(`The output, ${output}, is the same file as the input, ${output}`);
      expect(loaded).toBe(null);
      expect(readFileSync(output, 'utf8')).toBe(before);
    }
  });

  it('writes each result at once, while the input continues', async () => {
    const stdin = new Readable({ read: () => undefined });
    const written: string[] = [];
    const stdout = new Writable({
      write(piece: Buffer, _encoding, done) {
        written.push(piece.toString());
        stdin.push(written.length < 3 ? `{"text":"${'a'.repeat(written.length + 1)}"}\n` : null);
        done();
      },
    });
    stdin.push('{"text":"a"}\n');
    expect(
      (await longembed(['embed', '-m', 'm.gguf', '--input-format', 'jsonl'], { stdin, stdout })).code,
    ).toBe(0);
    expect(written.flatMap(lines)).toEqual([row(0, 1), row(1, 2), row(2, 3)]);
  });

  it('ends quietly when its reader goes away, and stops the work', async () => {
    const stdout = new Writable({
      write: (_piece, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    const stdin = '{"text":"a"}\n'.repeat(100);
    const { code, stderr, embedded } = await longembed(['embed', '-m', 'm.gguf', '--input-format', 'jsonl'], {
      stdin,
      stdout,
    });
    expect([code, stderr, embedded.length]).toEqual([0, '', 1]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('keeps what is done at %s and exits with %i', async (name, expected) => {
    const controller = new AbortController();
    const output = join(folder, `${name}.jsonl`);
    const stdin = '{"text":"a"}\n{"text":"bb"}\n{"text":"stop"}\n{"text":"dddd"}\n';
    const { code, stderr } = await longembed(
      ['embed', '-m', 'm.gguf', '--input-format', 'jsonl', '-o', output],
      {
        stdin,
        signal: controller.signal,
        before: (input) => {
          if ((input as { text: string }).text === 'stop') controller.abort(new Interrupted(name));
        },
      },
    );
    expect(code).toBe(expected);
    expect(lines(readFileSync(output, 'utf8'))).toEqual([row(0, 1), row(1, 2)]);
    expect(stderr).toBe(`longembed: interrupted (${name}); what was done is written: 2 documents\n`);
  });

  it('finishes a NumPy file when it is interrupted', async () => {
    const controller = new AbortController();
    const output = join(folder, 'interrupted.npy');
    await longembed(['embed', '-m', 'm.gguf', '--input-format', 'jsonl', '-o', output], {
      stdin: '{"text":"a"}\n{"text":"stop"}\n',
      signal: controller.signal,
      before: (input) => {
        if ((input as { text: string }).text === 'stop') controller.abort(new Interrupted('SIGINT'));
      },
    });
    expect(readFileSync(output).toString('latin1', 10, 128)).toContain("'shape': (1, 2)");
  });
});

describe('unusable arguments exit with 2, a sentence and no stack trace', () => {
  const text = file('text.txt', 'four');

  it.each<[string, RegExp]>([
    ['embed T', /required option '-m, --model <file>'/],
    ['embed T -m m.gguf --modle x', /unknown option '--modle'\n\(Did you mean --model\?\)/],
    ['embd T', /unknown command 'embd'\n\(Did you mean embed\?\)/],
    ['embed T -m m.gguf --extend se:4k,group=9', /Unknown key "group" for se: it takes g, w/],
    ['embed T -m m.gguf --extend pcw:0', /target is "0": it must be a whole number from 1/],
    ['embed T -m m.gguf --max-tokens 0', /--max-tokens.*whole number from 1/],
    ['embed T -m m.gguf --max-tokens 1e3', /whole number/],
    ['embed T -m m.gguf --threads -1', /--threads/],
    ['embed T -m m.gguf --native-context 1', /whole number from 2/],
    ['embed T -m m.gguf --pooling max', /Allowed choices are mean, cls, last/],
    ['embed T -m m.gguf --as doc', /Allowed choices are query, document, raw/],
    ['embed T -m m.gguf --backend tpu', /Allowed choices are auto, cpu, cuda, metal, vulkan/],
    ['embed T -m m.gguf --input-format csv', /Allowed choices are text, jsonl, tokens/],
    ['embed T -m m.gguf --output-format csv', /Allowed choices are jsonl, npy/],
    ['embed T -m', /argument missing/],
    ['embed -m m.gguf', /No document is given/],
    ['embed - - -m m.gguf', /named twice/],
    ['embed T -m m.gguf -o T', /same file as the input/],
    ['embed T -m m.gguf --output=', /name of the output is empty/],
    ['embed T -m m.gguf --text-key body', /--text-key is for jsonl, .* give --input-format jsonl/],
    ['embed T -m m.gguf --id-key pid', /--id-key is for jsonl/],
    ['extend m.gguf --extend pi:1k -o -', /'-' is invalid. It must be a file/],
    ['convert folder -o -', /'-' is invalid. It must be a file/],
    ['pairs folder -o -', /'-' is invalid. It must be a file/],
    ['tune m.gguf --extend pi:1k --pairs p.jsonl -o -', /'-' is invalid. It must be a file/],
    ['embed T -m m.gguf -o /nowhere/out.jsonl', /directory does not exist/],
    ['info', /missing required argument 'model'/],
    ['info a b', /too many arguments/],
    ['tokenize T', /required option/],
    ['', /Usage: longembed/],
  ])('%s', async (line, message) => {
    const args = line.split(' ').filter((part) => part !== '');
    const { code, stdout, stderr, loaded } = await longembed(
      args.map((part) => (part === 'T' ? text : part)),
    );
    expect([code, stdout, loaded]).toEqual([2, '', null]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('a model that cannot be loaded', async () => {
    const output = join(folder, 'never.jsonl');
    const { code, stderr } = await longembed(['embed', text, '-m', 'm.gguf', '-o', output], {
      loadError: new LongEmbedError('ERR_MODEL_INVALID', 'The file m.gguf is cut off: fetch it again.'),
    });
    expect(code).toBe(2);
    expect(stderr).toBe('longembed: ERR_MODEL_INVALID: The file m.gguf is cut off: fetch it again.\n');
    expect(() => readFileSync(output)).toThrow('ENOENT');
  });

  it('a strategy that the model does not support', async () => {
    const { code, stderr, embedded } = await longembed(['embed', text, '-m', 'm.gguf', '--extend', 'ntk:4k']);
    expect([code, embedded]).toEqual([2, []]);
    expect(stderr).toMatch(
      /^longembed: ERR_STRATEGY_UNSUPPORTED: This model does not support ntk: it needs rotary/,
    );
  });

  it('an internal error', async () => {
    const { code, stderr } = await longembed(['embed', text, '-m', 'm.gguf'], {
      loadError: new TypeError('x is not a function\nmore'),
    });
    expect(code).toBe(2);
    expect(stderr).toBe(
      'longembed: internal error: x is not a function (set LONGEMBED_DEBUG=1 for a stack trace)\n',
    );
  });
});

describe('help and version', () => {
  it.each(['--help', 'help', 'embed --help', 'help embed', 'info --help', 'tokenize --help'])(
    '%s',
    async (line) => {
      const { code, stdout, stderr } = await longembed(line.split(' '));
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^Usage: longembed/);
    },
  );

  it('explain embed', async () => {
    const { stdout } = await longembed(['embed', '--help']);
    for (const word of [
      'pcw',
      'ntk',
      'se',
      '--native-context',
      'NaN',
      'Exit status',
      '"truncated"',
      '4k is 4096',
    ]) {
      expect(stdout).toContain(word);
    }
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(110);
  });

  it.each(['--help', 'help', 'help embed', '--version'])(
    '%s says when it cannot be written',
    async (line) => {
      const full = (code: string): Writable =>
        new Writable({ write: (_piece, _encoding, done) => done(Object.assign(new Error(code), { code })) });
      const ended = await longembed(line.split(' '), { stdout: full('ENOSPC') });
      expect(ended).toMatchObject({
        code: 2,
        stderr: 'longembed: Cannot write to standard output: the disk is full.\n',
      });
      // As of `longembed help | head -1`.
      expect(await longembed(line.split(' '), { stdout: full('EPIPE') })).toMatchObject({
        code: 0,
        stderr: '',
      });
    },
  );

  it('--version', async () => {
    expect((await longembed(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('info', () => {
  it('is readable', async () => {
    const { code, stdout } = await longembed(['info', 'm.gguf']);
    expect(code).toBe(0);
    expect(stdout).toContain('Fake (bert)');
    expect(stdout).toMatch(/native context +256 tokens \(from the option; the file says 512\)/);
    expect(stdout).toMatch(/query prompt +"query: "/);
    expect(stdout).toMatch(/ntk +not with this model: it needs rotary positions/);
    expect(stdout).toMatch(/CPU +CPU \(cpu\): a processor; 24\.0 GB, 20\.0 GB free/);
  });

  it("says when another pooling than the file's is used, what a reranker is, and warns", async () => {
    const show = async (info: Partial<ModelInfo>) =>
      (await longembed(['info', 'm'], { infoOf: () => info })).stdout;
    expect(await show({ poolingSource: 'preset', filePooling: 'cls' })).toContain(
      'mean (from the preset; the file says cls)',
    );
    expect(await show({ poolingSource: 'preset', filePooling: 'none' })).toContain(
      'mean (from the preset)\n',
    );
    expect(await show({ pooling: null, poolingSource: null, filePooling: 'rank' })).toContain(
      'rank (from the file): this is a reranker',
    );
    expect(await show({ warnings: ['Mind the gap.'] })).toMatch(/\n {2}warning +Mind the gap\.\n/);
  });

  it('is JSON with --json', async () => {
    const { stdout } = await longembed(['info', 'm.gguf', '--json', '--native-context', '256']);
    expect(JSON.parse(stdout)).toMatchObject({
      architecture: 'bert',
      nativeContext: 256,
      devices: [{ name: 'CPU' }],
    });
  });
});

describe('info --memory', () => {
  it('estimates the memory of a document', async () => {
    const { code, stdout } = await longembed(['info', 'm.gguf', '--memory', '512']);
    expect(code).toBe(0);
    expect(stdout).toContain('Memory for a document of 512 tokens');
    expect(stdout).toMatch(/peak +up to 80\.0 MB for the process\n/);
    expect(stdout).toMatch(
      /CPU +10\.0 MB weights, 20\.0 MB for all tokens, 10\.0 MB of per-thread buffers; 30\.0 MB to allocate, 9\.0 GB free/,
    );
    expect((await longembed(['info', 'm.gguf', '--memory', '2k'])).stdout).toContain(
      'more than is available, embedding would fail',
    );
  });

  it('is in the JSON', async () => {
    const { stdout } = await longembed(['info', 'm.gguf', '--json', '--memory', '512']);
    expect(JSON.parse(stdout)).toMatchObject({
      memory: { tokens: 512, peak: 80e6, devices: [{ name: 'CPU' }] },
    });
  });

  it('goes with --extend, which says nothing without it', async () => {
    const { code, stderr } = await longembed(['info', 'm.gguf', '--extend', 'pcw:4k']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('give --memory too')]);
  });
});

describe('tokenize', () => {
  it('prints content token ids', async () => {
    const { code, stdout, loaded } = await longembed(['tokenize', file('ab.txt', 'ab'), '-m', 'm.gguf']);
    expect([code, stdout, loaded]).toEqual([0, '[97,98]\n', null]);
    expect((await longembed(['tokenize', '-m', 'm.gguf'], { stdin: '' })).stdout).toBe('[]\n');
  });

  it('adds the special tokens of the model when asked', async () => {
    expect((await longembed(['tokenize', '-m', 'm.gguf', '--with-special'], { stdin: 'ab' })).stdout).toBe(
      '[101,97,98,102]\n',
    );
  });

  it('fails with 1 when the text cannot be read', async () => {
    const { code, stdout, stderr } = await longembed(['tokenize', join(folder, 'none.txt'), '-m', 'm.gguf']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/none\.txt: ENOENT: there is no such file/);
  });
});
