import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { METHODS, STRATEGIES } from '../../lib/extend/index.js';
import { parseHubModelName } from '../../lib/hub/model-name.js';
import { PRESETS } from '../../lib/model/index.js';
import { addon } from '../../lib/native/index.js';
import { type Architecture, ARCHITECTURE_NAMES, POSITION_ARCHITECTURES } from '../../models/random/index.js';
import { absolute, rope, without } from '../extend/facts.js';

const page = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8');

const codes = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

/** A row of the table of models. */
interface Row {
  presets: string[];
  graph: string;
  strategies: string;
  figures: string[];
}

/** Those with a graph. */
function rowsOfModels(): Row[] {
  const [, table = ''] = page.split(/^\| model +\| presets .*\n.*\n/m);
  const lines = table.split('\n\n')[0]!.split('\n');
  const cells = lines.map((line) => line.split('|').map((cell) => cell.trim()));
  return cells.flatMap(([, , presets, , graph, strategies, ...figures]) =>
    graph === 'none'
      ? []
      : [
          {
            presets: codes(presets!),
            graph: codes(graph!)[0]!,
            strategies: strategies!,
            figures: figures.slice(0, 2),
          },
        ],
  );
}

/** The presets that a name with an asterisk stands for. */
function matching(pattern: string): (typeof PRESETS)[number][] {
  const parts = pattern.split('*').map((part) => part.replaceAll('.', '\\.'));
  const expression = new RegExp(`^${parts.join('.*')}$`);
  return PRESETS.filter(({ name }) => expression.test(name));
}

function strategiesOf(architecture: Architecture): string[] {
  const positions = POSITION_ARCHITECTURES.includes(architecture);
  const facts = !positions ? without('alibi') : addon().isRotary(architecture) ? rope() : absolute();
  return METHODS.filter((method) => STRATEGIES[method].refuses(facts) === null);
}

describe('docs/models.md', () => {
  it('lists every preset', () => {
    const prose = page.replaceAll(/```[^]*?```/g, '');
    const named = new Set(codes(prose));
    expect(PRESETS.map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  it('has every preset in one row of the table of models, with its graph', () => {
    const rows = rowsOfModels();
    const found = rows.flatMap(({ presets, graph }) =>
      presets.flatMap((pattern) => {
        const all = matching(pattern);
        expect(all.length, pattern).toBeGreaterThan(0);
        return all.map(({ name, shape }) => {
          expect(shape.architecture, name).toBe(graph);
          return name;
        });
      }),
    );
    expect(found.sort()).toEqual(PRESETS.map(({ name }) => name).sort());
  });

  it('has every architecture with a graph there, its strategies and figures', () => {
    const rows = rowsOfModels();
    expect([...new Set(rows.map(({ graph }) => graph))].sort()).toEqual([...ARCHITECTURE_NAMES].sort());
    for (const { graph, strategies, figures } of rows) {
      const expected = strategiesOf(graph as Architecture);
      if (expected.length === METHODS.length) expect(strategies, graph).toMatch(/^all(,|$)/);
      else expect(codes(strategies), graph).toEqual(expected);
      for (const figure of figures) expect(figure, graph).toMatch(/^\d(\.\d)?e-\d+(;|$)/);
      expect(Number(figures[0]), graph).toBeLessThanOrEqual(1e-8);
    }
  });

  it('names models as they can be named', () => {
    const names = [...page.matchAll(/(?<=[ `])hf:[^\s`]+/g)]
      .map(([name]) => name)
      .filter((name) => name !== 'hf:');
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(() => parseHubModelName(name)).not.toThrow();
  });
});
