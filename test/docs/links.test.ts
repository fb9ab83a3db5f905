/** Links between the pages of the repository lead somewhere: files exist, and so do the headings that anchors name. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { githubSlug, isPage, SIDEBAR } from '../../docs/.vitepress/pages.mjs';
import { root } from '../../scripts/lib/paths.mjs';

const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'models/README.md',
  'examples/README.md',
  'test/oracle/README.md',
  'cli/demo/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const text = (page: string): string => readFileSync(join(root, page), 'utf8');

/** Without code, in which brackets are no links. */
const prose = (page: string): string =>
  text(page)
    .replaceAll(/^ *```[^]*?^ *```/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');

/** The targets of the links of a page, and of the links in an index page's front matter. */
function linksOf(page: string): string[] {
  const links = [...prose(page).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target ?? '');
  const front = [...prose(page).matchAll(/^ +link: \/(\S+)$/gm)].map(([, path]) =>
    path?.endsWith('/') === true ? '' : `${relative(dirname(page), path ?? '')}.md`,
  );
  return [...links, ...front].filter((target) => target !== '' && !/^(https?|mailto):/.test(target));
}

/** The anchors of a page's headings. */
function anchorsOf(page: string): Set<string> {
  const headings = text(page)
    .replaceAll(/^ *```[^]*?^ *```/gm, '')
    .matchAll(/^#{1,6} +(.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      githubSlug(heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '')),
    ),
  );
}

describe.each(PAGES)('%s', (page) => {
  it('links to files that exist, and to headings in them', () => {
    const dead = linksOf(page).filter((link) => {
      const [path = '', anchor] = decodeURI(link).split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor);
    });
    expect(dead).toEqual([]);
  });
});

it('every page of docs is linked from the README', () => {
  const linked = new Set(linksOf('README.md').map((link) => link.split('#')[0]));
  expect(PAGES.filter((page) => page.startsWith('docs/') && !linked.has(page))).toEqual([]);
});

it('every page of docs is in the site’s sidebar, and nothing else is', () => {
  const shown = SIDEBAR.flatMap(({ items }) => items.map(({ link }) => `${link.slice(1)}.md`)).filter(
    (page) => page !== 'docs/api/.md',
  );
  expect(shown.filter((page) => !isPage(page) || !PAGES.includes(page))).toEqual([]);
  const pages = PAGES.filter((page) => page.startsWith('docs/') && page !== 'docs/index.md');
  expect(pages.filter((page) => !shown.includes(page))).toEqual([]);
});

it('README is short', () => {
  expect(text('README.md').split('\n').length).toBeLessThanOrEqual(200);
});
