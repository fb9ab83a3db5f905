import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { constants as system, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EmbeddingModel } from '../../lib/index.js';
import { modelPath } from '../../models/random/cached.js';
import { firstLine, longembed, type Program, start } from './program.js';

interface Row {
  id: string | number;
  embedding: number[];
  tokens: number;
  windows: number;
  truncated: boolean;
}

const folder = mkdtempSync(join(tmpdir(), 'longembed-program-'));
const model = modelPath('bert');
const words = 'the state of the house on the hill was not what they had said ';

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A named pipe. */
function pipeAt(name: string): string {
  const path = join(folder, `${name}.pipe`);
  execFileSync('mkfifo', [path]);
  return path;
}

/** Opens a named pipe for writing, as soon as the program reads it. */
async function writerOf(pipe: string): Promise<number> {
  for (;;) {
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
      await setTimeout(10);
    }
  }
}

/** What a shell says of how the program ended. */
function shellStatus({ child }: Program): number {
  return child.exitCode ?? 128 + system.signals[child.signalCode!];
}

const rows = (jsonl: Buffer | string): Row[] =>
  jsonl
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);

describe('embed', () => {
  const short = file('short.txt', words);
  const long = file('long.txt', words.repeat(50));

  it('gives the vectors of the library', async () => {
    const { code, stdout, stderr } = await longembed([
      'embed',
      short,
      long,
      '-m',
      model,
      '--extend',
      'pcw:4k',
    ]);
    expect(stderr).toMatch(/^longembed: 2 documents/);
    expect(code).toBe(0);
    const given = rows(stdout);
    expect(given.map(({ id }) => id)).toEqual([short, long]);
    expect(given[1]!.windows).toBeGreaterThan(10);
    await using loaded = await EmbeddingModel.load(model);
    for (const { id, embedding, tokens, windows, truncated } of given) {
      const expected = await loaded.embed(readFileSync(id, 'utf8'), { extend: 'pcw:4k' });
      expect({ tokens, windows, truncated }).toEqual({
        tokens: expected.tokens,
        windows: expected.windows,
        truncated: expected.truncated,
      });
      // Batches may differ, and with them the last bits.
      for (const [i, number] of embedding.entries()) expect(number).toBeCloseTo(expected.embedding[i]!, 5);
    }
  });

  it('gives token ids the vector of their text, and NumPy the numbers of jsonl', async () => {
    const tokens = await longembed(['tokenize', short, '-m', model]);
    expect(tokens.code).toBe(0);
    const output = join(folder, 'out.npy');
    const args = ['embed', '-', '-m', model, '--input-format', 'tokens', '--no-normalize'];
    const npy = await longembed([...args, '-o', output], tokens.stdout.toString());
    expect(npy.code).toBe(0);
    const { stdout } = await longembed(['embed', short, '-m', model, '--no-normalize', '-q']);
    const { embedding } = rows(stdout)[0]!;
    const bytes = readFileSync(output).subarray(128);
    expect(bytes.length).toBe(4 * embedding.length);
    expect(embedding.map((_, i) => bytes.readFloatLE(4 * i))).toEqual(embedding.map(Math.fround));
  });

  it('cuts vectors to --dimensions, and a NumPy matrix with them', async () => {
    const output = join(folder, 'cut.npy');
    const cut = ['embed', short, '-m', model, '--dimensions', '8', '-q'];
    const { stdout } = await longembed(cut);
    const { embedding } = rows(stdout)[0]!;
    const whole = rows((await longembed(['embed', short, '-m', model, '-q'])).stdout)[0]!.embedding.slice(
      0,
      8,
    );
    const length = Math.hypot(...whole);
    expect(embedding).toHaveLength(8);
    for (const [i, number] of embedding.entries()) expect(number).toBeCloseTo(whole[i]! / length, 6);
    expect((await longembed([...cut, '-o', output])).code).toBe(0);
    expect(readFileSync(output, 'latin1').slice(0, 128)).toContain("'shape': (1, 8)");
    const refused = await longembed(['embed', short, '-m', model, '--dimensions', '1m']);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/dimensions is 1048576: .* from 1 to \d+, the dimensions of this model/),
    ]);
  });

  it('names the documents that fail and writes the others', async () => {
    const lines = [
      { id: 'empty', text: '' },
      { id: 'spaces', text: ' \n\t ' },
      { id: 'surrogate', text: 'half \ud800 pair' },
      { id: 'long', text: words.repeat(50) },
      { id: 'NUL', text: 'a\0b' },
      { id: 'one character', text: '-'.repeat(5_000_000) },
      { id: 'good', text: words },
    ];
    const stdin = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const { code, stdout, stderr } = await longembed(
      ['embed', '-m', model, '--input-format', 'jsonl', '-q'],
      stdin,
    );
    expect(code).toBe(1);
    expect(rows(stdout).map(({ id }) => id)).toEqual(['NUL', 'good']);
    for (const [id, error] of [
      ['empty', 'ERR_INPUT_EMPTY'],
      ['spaces', 'ERR_INPUT_EMPTY'],
      ['surrogate', 'ERR_TOKENIZER'],
      ['long', 'ERR_INPUT_TOO_LONG'],
      ['one character', 'ERR_INPUT_TOO_LONG'],
    ]) {
      expect(stderr).toMatch(new RegExp(`^longembed: -:\\d \\(id "${id}"\\): ${error}: .+\\.$`, 'm'));
    }
  });

  it('warns once of a self-extend that leaves the native context, in the name of longembed', async () => {
    const args = ['embed', short, long, '-m', modelPath('jina-bert-v3'), '--extend', 'se:1k,g=3,w=8'];
    const { code, stderr } = await longembed([...args, '-o', join(folder, 'warned.jsonl'), '-q']);
    expect(code).toBe(0);
    expect(stderr).toBe(
      'longembed: warning: Self-extend with g=3,w=8 reaches relative position 347 at 1024 tokens, past the native context ' +
        'of 64: g=18 would fit.\n',
    );
  });

  it('cuts long documents when asked to', async () => {
    const { code, stdout } = await longembed(['embed', long, '-m', model, '--truncate', '-q']);
    expect(code).toBe(0);
    expect(rows(stdout)).toMatchObject([{ tokens: 64, windows: 1, truncated: true }]);
  });

  it('stops quietly when its reader goes away', async () => {
    const program = start(['embed', '-m', model, '--input-format', 'jsonl', '-q']);
    const line = `${JSON.stringify({ text: words })}\n`;
    program.child.stdin.write(line);
    await firstLine(program);
    program.child.stdout.destroy();
    program.child.stdin.end(line.repeat(200));
    expect(await program.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('writes what is done at %s, while standard input is silent', async (signal, code) => {
    const program = start(['embed', '-m', model, '--input-format', 'jsonl']);
    program.child.stdin.write(`${JSON.stringify({ text: words })}\n`);
    await firstLine(program);
    program.child.kill(signal);
    const ended = await program.ended;
    expect(ended.code).toBe(code);
    expect(rows(ended.stdout)).toHaveLength(1);
    expect(ended.stderr).toBe(`longembed: interrupted (${signal}); what was done is written: 1 document\n`);
  });

  it.skipIf(process.platform === 'win32').each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends by %s while a named pipe has no writer', async (signal, code) => {
    const documents = file('before-pipe.jsonl', `${JSON.stringify({ text: words })}\n`);
    const program = start(['embed', documents, pipeAt(signal), '-m', model, '--input-format', 'jsonl']);
    // Also when the test runs out of time.
    onTestFinished(() => void program.child.kill('SIGKILL'));
    await firstLine(program);
    program.child.kill(signal);
    const ended = await program.ended;
    expect(shellStatus(program)).toBe(code);
    expect(rows(ended.stdout)).toHaveLength(1);
    expect(ended.stderr).toBe(`longembed: interrupted (${signal}); what was done is written: 1 document\n`);
  });

  it.skipIf(process.platform === 'win32')(
    'ends by a signal while the writer of a named pipe is silent',
    async () => {
      const pipe = pipeAt('silent');
      const program = start(['tokenize', pipe, '-m', model]);
      onTestFinished(() => void program.child.kill('SIGKILL'));
      const writer = await writerOf(pipe);
      onTestFinished(() => closeSync(writer));
      program.child.kill('SIGTERM');
      const { stderr } = await program.ended;
      expect(shellStatus(program)).toBe(143);
      expect(stderr).toBe('longembed: interrupted (SIGTERM)\n');
    },
  );

  it.skipIf(process.platform === 'win32').each([
    ['tokenize', (pipe: string) => ['tokenize', pipe, '-m', model]],
    ['compare', (pipe: string) => ['compare', pipe]],
    ['embed, as output', (pipe: string) => ['embed', short, '-m', model, '-o', pipe]],
  ])('ends by a signal while a named pipe has no other end: %s', async (name, args) => {
    const program = start(args(pipeAt(`no end, ${name}`)));
    onTestFinished(() => void program.child.kill('SIGKILL'));
    // Until it waits for the pipe; a signal that comes before that is seen there.
    await setTimeout(3000);
    program.child.kill('SIGTERM');
    const { stderr } = await program.ended;
    expect(shellStatus(program)).toBe(143);
    expect(stderr).toBe('longembed: interrupted (SIGTERM)\n');
  });

  it.skipIf(process.platform === 'win32')(
    'takes an empty HOME for none, which would make the working folder that of caches (not on Windows)',
    async () => {
      const home = "process.on('exit', () => process.stderr.write(String(process.env.HOME)))";
      const program = start(['--version'], {
        ...process.env,
        HOME: '',
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(home)}`,
      });
      expect(await program.ended).toMatchObject({ code: 0, stderr: 'undefined' });
    },
  );

  it.skipIf(process.platform !== 'linux')(
    'says that the disk is full (on Linux, by its /dev/full)',
    async () => {
      const ended = await longembed(['embed', short, '-m', model, '-q', '-o', '/dev/full']);
      expect(ended).toMatchObject({
        code: 2,
        stderr: 'longembed: Cannot write to /dev/full: the disk is full.\n',
      });
    },
  );
});

describe('a model that cannot be used ends with 2 and a sentence', () => {
  const good = readFileSync(model);
  const unknown = Buffer.from(good);
  unknown.write('zert', good.indexOf('bert', good.indexOf('general.architecture')));

  it.each<[string, string, string]>([
    ['missing', join(folder, 'none.gguf'), 'ERR_MODEL_NOT_FOUND'],
    ['a directory', folder, 'ERR_MODEL_(INVALID|NOT_FOUND)'],
    ['empty', file('empty.gguf', ''), 'ERR_MODEL_INVALID'],
    ['cut off', file('cut.gguf', good.subarray(0, good.length * 0.7)), 'ERR_MODEL_INVALID'],
    ['cut off in its header', file('header.gguf', good.subarray(0, 1000)), 'ERR_MODEL_INVALID'],
    ['foreign', file('foreign.gguf', words.repeat(100)), 'ERR_MODEL_INVALID'],
    ['of an unknown architecture', file('unknown.gguf', unknown), 'ERR_ARCHITECTURE_UNSUPPORTED'],
    ['a language model without pooling', modelPath('llama-text'), 'ERR_INVALID_OPTION'],
  ])('%s', async (_what, path, code) => {
    const output = join(folder, 'never.jsonl');
    const ended = await longembed(['embed', '-m', path, '-o', output], words);
    expect(ended.stderr).toMatch(new RegExp(`^longembed: ${code}: .+\\.\\n$`));
    expect(ended.code).toBe(2);
    expect(() => readFileSync(output)).toThrow('ENOENT');
  });

  it('a strategy that it does not support', async () => {
    const { code, stderr } = await longembed(['embed', '-m', model, '--extend', 'se:4k'], words);
    expect(stderr).toMatch(/^longembed: ERR_STRATEGY_UNSUPPORTED: This model does not support se: .+\.\n$/);
    expect(code).toBe(2);
  });
});

describe('info', () => {
  it('lists the strategies that the model supports', async () => {
    const { code, stdout } = await longembed(['info', model, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toMatchObject({
      architecture: 'bert',
      nativeContext: 64,
      nativeContextSource: 'file',
      positionEncoding: 'absolute',
      strategies: [
        { method: 'none', supported: true },
        { method: 'pcw', supported: true },
        { method: 'gp', supported: true },
        { method: 'rp', supported: true },
        { method: 'pi', supported: true },
        { method: 'ntk', supported: false },
        { method: 'se', supported: false },
        { method: 'dntk', supported: false },
        { method: 'yarn', supported: false },
      ],
      devices: [{ backend: 'CPU' }],
    });
  });
});
