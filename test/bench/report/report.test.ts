import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawBars } from '../../../bench/report/bars.js';
import { contrast, heatClass, heatColours } from '../../../bench/report/heat.js';
import { html, trusted } from '../../../bench/report/html.js';
import { reportHtml, writeReport } from '../../../bench/report/page.js';
import type { Results } from '../../../bench/results/results.js';
import { type Node, parse, text, texts } from './dom.js';
import { largeSample, limitedSample, sampleModel, sampleResults, smallSample } from './sample.js';

const LARGE = largeSample();
const page = (results: Results): Node => parse(reportHtml(results));
const large = page(LARGE);

const sections = (document: Node): string[] =>
  [...document.querySelectorAll('main > section')].map(({ id }) => id);

describe('a report', () => {
  it('is self-contained, with a policy that enforces it', () => {
    const source = reportHtml(LARGE);
    expect(source).not.toMatch(
      /<script|<link|<img|<iframe|@import|url\(|\son\w+=|https?:\/\/(?!www\.w3\.org\/)/i,
    );
    for (const link of large.querySelectorAll('[href]')) {
      expect(large.querySelector(link.getAttribute('href')), link.getAttribute('href')).not.toBeNull();
    }
    const policy = large.querySelector('meta[http-equiv="Content-Security-Policy"]')!.getAttribute('content');
    const style = /<style>([\s\S]*?)<\/style>/.exec(source)![1]!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    // No style is left to an attribute, which the policy would not let pass.
    expect(source).not.toMatch(/\sstyle="/);
  });

  it('is the same for the same results, and written completely', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'longembed-report-')), 'new', 'report.html');
    await writeReport(path, largeSample());
    expect(readFileSync(path, 'utf8')).toBe(reportHtml(LARGE));
  });

  it('has every section that has content', () => {
    const all = [
      'scores',
      'lengths',
      'gains',
      'targets',
      'positions',
      'details',
      'unsupported',
      'models',
      'data',
    ];
    expect(sections(large)).toEqual(all);
    expect(sections(page(smallSample()))).toEqual(['scores', 'details', 'models', 'data']);
    expect(texts(large.querySelectorAll('nav a'))).toEqual(texts(large.querySelectorAll('main h2')));
    const ids = [...large.querySelectorAll('[id]')].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has every score, the best ones marked', () => {
    const rows = [...large.querySelectorAll('.scores tbody tr:not(.group):not(.paper)')];
    expect(rows).toHaveLength(LARGE.runs.length);
    for (const [i, run] of LARGE.runs.entries()) {
      const scores = [...run.tasks.map(({ main }) => main), run.average!];
      expect(texts(rows[i]!.children)).toEqual([
        run.extend,
        run.target.toLocaleString('en-US'),
        ...scores.map((score) => (100 * score).toFixed(1)),
      ]);
    }
    for (const [column, { name }] of LARGE.data.map(({ task }) => ({ name: task })).entries()) {
      const best = Math.max(...LARGE.runs.map(({ tasks }) => tasks.find(({ task }) => task === name)!.main));
      const marked = rows.flatMap((row) =>
        [...row.children].filter((cell, i) => i === column + 2 && cell.className === 'best'),
      );
      expect(marked.length).toBeGreaterThan(0);
      for (const cell of marked) expect(text(cell)).toBe((100 * best).toFixed(1));
    }
  });

  it("has the paper's figures below those of the same model, strategy and target", () => {
    const papers = [...large.querySelectorAll('.scores .paper')].map((row) =>
      texts(row.children).join(' | '),
    );
    expect(papers[0]).toBe('paper, Table 2 |  | 38.0 | 28.5 | 25.3 | 23.8 | 74.7 | 55.8 | 41.0');
    expect(papers).toContain('paper, Table 3 |  | 66.3 | 46.5 | 25.5 | 35.8 | 90.8 | 71.7 | 56.1');
    // Nothing of the paper is held beside a quick look.
    expect(page(limitedSample()).querySelectorAll('.paper')).toHaveLength(0);
    expect(text(page(limitedSample()).querySelector('aside'))).toMatch(
      /^A quick look, not the benchmark\..*first 20 documents/,
    );
  });

  it('has a heat map by length that marks cut documents', () => {
    const [passkey] = large.querySelectorAll('#lengths table');
    const none = passkey!.querySelector('tbody tr:not(.group)')!;
    const { splits } = LARGE.runs[0]!.tasks[0]!;
    expect(texts(none.children).slice(1, -1)).toEqual(
      splits.map(({ scores, truncatedDocuments }) => {
        const figure = (100 * scores['accuracy_at_1']!).toFixed(0);
        return truncatedDocuments > 0 ? `${figure} (cut)` : figure;
      }),
    );
    const classes = [...none.children].slice(1, -1).map(({ className }) => className);
    for (const [i, { scores, truncatedDocuments }] of splits.entries()) {
      expect(classes[i]).toContain(heatClass(scores['accuracy_at_1']!));
      expect(classes[i]!.includes('cut')).toBe(truncatedDocuments > 0);
    }
  });

  it('has the scores by where the fact stands, over all lengths', () => {
    const part = (i: number, queries: number, score: number | null) => ({
      ...{ from: i / 2, to: (i + 1) / 2, queries, score },
    });
    const [run] = LARGE.runs;
    const tasks = run!.tasks.map((task) => ({
      ...task,
      splits: task.splits.map((split, i) =>
        task.task === 'passkey' && i < 2
          ? { ...split, byDepth: [part(0, i === 0 ? 10 : 30, i === 0 ? 1 : 0), part(1, 0, null)] }
          : split,
      ),
    }));
    const document = page({ ...LARGE, runs: [{ ...run!, tasks }] });
    expect(sections(document)).toContain('depths');
    const rows = [...document.querySelectorAll('#depths table tr')].map((row) => texts(row.children));
    expect(rows).toEqual([['Strategy', '0–50 %', '50–100 %'], [run!.model], [run!.extend, '25.0', '–']]);
  });

  it('gives every picture a name, and its figures as a table too', () => {
    const pictures = [...large.querySelectorAll('svg')];
    expect(pictures.length).toBeGreaterThan(5);
    for (const picture of pictures) {
      expect(picture.getAttribute('role')).toBe('img');
      const names = picture.getAttribute('aria-labelledby').split(' ');
      expect(names).toHaveLength(2);
      for (const name of names) expect(text(large.querySelector(`#${name}`)).length).toBeGreaterThan(10);
    }
    for (const id of ['gains', 'targets', 'positions']) {
      expect(large.querySelector(`#${id} table`), id).not.toBeNull();
    }
  });

  it('says in each section what its figures mean', () => {
    for (const section of large.querySelectorAll('main > section')) {
      expect(text(section.querySelector('.reading')).length, section.id).toBeGreaterThan(60);
    }
    const reading = (id: string, document = large): string => text(document.querySelector(`#${id} .reading`));
    const means = LARGE.runs.map((run) => run.average!);
    expect(reading('scores')).toContain(`is ${(100 * Math.max(...means)).toFixed(1)}, of `);
    expect(reading('scores')).toContain('BM25 was not run: --model bm25');
    expect(reading('gains')).toMatch(
      /\d+ of \d+ runs do better .*: from [+−]\d+\.\d points, of .+, to [+−]\d+\.\d, of/,
    );
    expect(reading('lengths')).toMatch(
      /goes from \d+\.\d at 256 tokens to \d+\.\d at 32,768; .* has \d+\.\d there\./,
    );
  });

  it('has BM25 below each model that it can be compared with', () => {
    const lexical = sampleModel('bm25', { positionEncoding: 'none', nativeContext: 0 });
    const [first] = LARGE.runs;
    const run = { ...first!, model: 'bm25', extend: 'none', vectors: 'lexical' as const };
    const document = page({ ...LARGE, models: [...LARGE.models, lexical], runs: [...LARGE.runs, run] });
    const beside = [...document.querySelectorAll('.scores .beside')];
    expect(beside).toHaveLength(new Set(LARGE.runs.map(({ model }) => model)).size);
    const scores = [...first!.tasks.map(({ main }) => main), first!.average!];
    for (const row of beside) {
      expect(texts(row.children)).toEqual(['BM25', '–', ...scores.map((score) => (100 * score).toFixed(1))]);
    }
    const reading = text(document.querySelector('#scores .reading'));
    expect(reading).toContain(
      `BM25, which counts words and knows no meaning, has ${(100 * first!.average!).toFixed(1)}`,
    );
    expect(text(document.querySelector('#targets figcaption'))).toMatch(/; BM25 has \d/);
    expect(large.querySelectorAll('.beside')).toHaveLength(0);
  });

  it('escapes text from files', () => {
    const evil = '<img src=x onerror=alert(1)>"\'&';
    const model = sampleModel(evil, { name: evil, prompts: { query: evil, document: evil } });
    const results = sampleResults({
      tasks: ['passkey', 'qmsum'],
      models: [
        {
          model,
          wanted: [
            { method: 'none', target: 512 },
            { method: 'pcw', target: 4096 },
          ],
        },
      ],
    });
    const document = page(results);
    expect(document.querySelectorAll('img')).toHaveLength(0);
    expect(text(document.querySelector('title'))).toContain(evil);
    expect(text(document.querySelector('.group'))).toBe(evil);
  });

  it('reports an unfinished run', () => {
    const [first, second] = LARGE.runs;
    const half = {
      ...LARGE,
      runs: [first!, { ...second!, tasks: second!.tasks.slice(0, 2), average: null }],
    };
    expect(text(page(half).querySelector('aside'))).toMatch(/^Unfinished\./);
    expect(large.querySelector('aside')).toBeNull();
  });

  it('can be made of results without runs', () => {
    expect(sections(page({ ...LARGE, runs: [] }))).toContain('models');
  });
});

describe('the heatmap', () => {
  it.each(['light', 'dark'] as const)('can be read in every cell (%s)', (theme) => {
    for (const { ground, ink } of heatColours(theme)) expect(contrast(ground, ink)).toBeGreaterThan(4.5);
  });

  it('has a colour for every score', () => {
    expect([-1, 0, 0.024, 0.026, 0.5, 1, 2].map(heatClass)).toEqual([
      'heat-0',
      'heat-0',
      'heat-0',
      'heat-1',
      'heat-10',
      'heat-20',
      'heat-20',
    ]);
  });
});

describe('bars', () => {
  const bar = { name: 'pcw:4k', tone: 'gain', value: 10, figure: '+10.0' } as const;
  const figureAt = (mark: number | null): number => {
    const { text: svg } = drawBars({
      id: 'p',
      title: '',
      description: '',
      groups: [{ heading: null, bars: [{ ...bar, mark }] }],
      domain: [0, 20],
    });
    const label = [...parse(svg).querySelectorAll('text')].find((one) => text(one) === '+10.0')!;
    return Number(/translate\(([\d.]+)/.exec(label.getAttribute('transform'))![1]);
  };

  it('keep a tick out of the figure', () => {
    expect(figureAt(5)).toBe(figureAt(null));
    expect(figureAt(11)).toBeGreaterThan(figureAt(null));
    expect(figureAt(19)).toBe(figureAt(null));
  });
});

it('html escapes everything that is not marked as HTML', () => {
  expect(html`<p title="${'"'}">${['<a>', null, 3, trusted('<b>')]}</p>`.text).toBe(
    '<p title="&quot;">&lt;a&gt;3<b></p>',
  );
});
