/** The page has a section on every code, and each names nothing that is no code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ERROR_CODES } from '../../lib/error.js';
import { filesBelow } from '../../lib/files-below.js';
import { root } from '../../scripts/lib/paths.mjs';

const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');

it('has a section on every error code, in the order of the list', () => {
  expect([...page.matchAll(/^## (ERR_\w+)$/gm)].map(([, code]) => code)).toEqual([...ERROR_CODES]);
});

it('says something in each section', () => {
  for (const code of ERROR_CODES) {
    const [, below = ''] = page.split(`## ${code}\n`);
    expect(below.split('\n## ')[0]?.length, code).toBeGreaterThan(100);
  }
});

/** What stands for other values in a quoted message. */
const VARIABLE = /linux-x64|SIGKILL|\bN\b|\bzero\b/;
/** Where the code puts a message together from two. */
const SEAM = /(?=was ended by)/;

it('quotes messages that the code has', async () => {
  const files = ['lib', 'native/core'].flatMap((folder) =>
    filesBelow(join(root, folder), (name) => /\.(ts|cpp)$/.test(name)),
  );
  const code = (await Promise.all(files)).flat().map((path) => readFileSync(path, 'utf8'));
  const quoted = [...page.matchAll(/^ *- "([^"]+)"/gm)].map(([, message = '']) => message);
  expect(quoted.length).toBeGreaterThan(5);
  const lacks = (message: string): boolean => {
    const parts = message.split(VARIABLE).map((part) => part.trim());
    const line = new RegExp(
      parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.{0,30}'),
    );
    return !code.some((text) => line.test(text));
  };
  expect(quoted.flatMap((message) => message.split(SEAM)).filter(lacks)).toEqual([]);
});

it('names no code that does not exist', () => {
  const codes: readonly string[] = ERROR_CODES;
  expect(
    [...page.matchAll(/ERR_[A-Z_]*[A-Z]/g)].map(([code]) => code).filter((code) => !codes.includes(code)),
  ).toEqual([]);
});
