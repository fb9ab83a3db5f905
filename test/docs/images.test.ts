/** The pictures of docs/ are what the plans give now: after a change, npx tsx docs/draw/main.ts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawAll, IMAGES } from '../../docs/draw/index.js';

describe('docs/images', () => {
  const pictures = drawAll();

  it.each([...pictures.keys()])('%s is what the script draws', (name) => {
    expect(readFileSync(new URL(name, IMAGES), 'utf8')).toBe(pictures.get(name));
  });

  it('are all on the page, each with a text for those who cannot see it', () => {
    const page = readFileSync(new URL('../strategies.md', IMAGES), 'utf8');
    const shown = [...page.matchAll(/!\[([^\]]{20,})\]\(images\/([^)]+)\)/g)].map(([, , name]) => name);
    expect(shown).toEqual([...pictures.keys()]);
  });
});
