/** The page has a section on every code, and each names nothing that is no code. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ERROR_CODES } from '../../lib/error.js';

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

it('names no code that does not exist', () => {
  const codes: readonly string[] = ERROR_CODES;
  expect(
    [...page.matchAll(/ERR_[A-Z_]*[A-Z]/g)].map(([code]) => code).filter((code) => !codes.includes(code)),
  ).toEqual([]);
});
