/** The program of docs/contract.md, run as it stands on the text of `longembed demo`. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { demoText } from '../../cli/demo/text.js';
import { EmbeddingModel } from '../../lib/index.js';

const page = readFileSync(new URL('../../docs/contract.md', import.meta.url), 'utf8');

it('prints the three nearest paragraphs with their places', async () => {
  const [, code = ''] = /```js\n([^]*?)```/.exec(page) ?? [];
  const printed: string[] = [];
  const AsyncFunction = (async () => await Promise.resolve()).constructor as new (
    ...parts: string[]
  ) => (...given: unknown[]) => Promise<void>;
  const program = new AsyncFunction(
    'readFile',
    'EmbeddingModel',
    'console',
    code.replaceAll(/^import .*$/gm, ''),
  );
  const readFile = (name: string): Promise<string> =>
    name === 'contract.txt' ? Promise.resolve(demoText()) : Promise.reject(new Error(name));
  await program(readFile, EmbeddingModel, { log: (line: string) => printed.push(line) });
  expect(printed).toHaveLength(3);
  const scores = printed.map((line) => {
    const [, start, end, score, shown] = /^\[(\d+), (\d+)\) (-?\d\.\d\d) (.+)$/.exec(line) ?? [];
    const clause = demoText().slice(Number(start), Number(end)).replaceAll('\n', ' ');
    expect(clause.slice(0, 80)).toBe(shown);
    return Number(score);
  });
  expect(scores.toSorted((a, b) => b - a)).toEqual(scores);
});
