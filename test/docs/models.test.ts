import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseHubModelName } from '../../lib/hub/model-name.js';
import { PRESETS } from '../../lib/model/index.js';

const page = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8');

describe('docs/models.md', () => {
  it('lists every preset', () => {
    const prose = page.replaceAll(/```[^]*?```/g, '');
    const named = new Set([...prose.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    expect(PRESETS.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  it('names models as they can be named', () => {
    const names = [...page.matchAll(/(?<=[ `])hf:[^\s`]+/g)]
      .map(([name]) => name)
      .filter((name) => name !== 'hf:');
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(() => parseHubModelName(name)).not.toThrow();
  });
});
