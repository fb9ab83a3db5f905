/** The strategies' tables and sections in the docs agree with their definitions in lib/extend. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METHODS, STRATEGIES } from '../../lib/extend/index.js';
import { absolute, rope, without } from '../extend/facts.js';

const page = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The part of a page below a heading, up to the next of the same level. */
function section(text: string, heading: string): string {
  const [, below = ''] = text.split(`\n${heading}\n`);
  return below.split('\n## ')[0] ?? '';
}

/** The models that take a strategy, as the README's table names them. */
function takenBy(method: (typeof METHODS)[number]): string {
  const { refuses } = STRATEGIES[method];
  if (refuses(without('alibi')) === null) return 'all';
  return [
    ...(refuses(absolute()) === null ? ['position matrix'] : []),
    ...(refuses(rope()) === null ? ['RoPE'] : []),
  ].join(', ');
}

describe('README', () => {
  it('lists every strategy, in order, with the models that support it', () => {
    const rows = section(page('README.md'), '## Strategies').matchAll(
      /^\| `(\w+)[^`]*`\s*\|[^|]*\|\s*([^|]*?)\s*\|$/gm,
    );
    expect([...rows].map(([, method, models]) => [method, models])).toEqual(
      METHODS.map((method) => [method, takenBy(method)]),
    );
  });
});

describe('docs/strategies.md', () => {
  const text = page('docs/strategies.md');

  it('has a section on every strategy, in order', () => {
    const headings = [...text.matchAll(/^## (\w+)$/gm)].map(([, heading]) => heading!);
    expect(headings.filter((heading) => heading in STRATEGIES)).toEqual(METHODS);
  });

  it.each(METHODS)('names %s and its keys', (method) => {
    const { title, keys } = STRATEGIES[method];
    const below = section(text, `## ${method}`).toLowerCase();
    if (method !== 'none') expect(below).toContain(title.toLowerCase());
    for (const key of Object.keys(keys)) {
      const sign = key === 'lambda' ? 'λ' : key;
      expect(below).toMatch(new RegExp(`(^|[^a-z])${sign}([^a-z]|$)`));
    }
  });
});
