/** The check of the built site's links: what it must find, and what it must let pass. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deadLinks } from '../../scripts/lib/site-links.mjs';

let site: string;
beforeAll(() => {
  site = mkdtempSync(join(tmpdir(), 'longembed-site-'));
  mkdirSync(join(site, 'docs'));
  writeFileSync(
    join(site, 'index.html'),
    '<a class="x" href="/base/docs/a.html#part">a</a> <a href="/base/">home</a> <a href="https://example.org/none">out</a>',
  );
  writeFileSync(
    join(site, 'docs', 'a.html'),
    `<h2 id="part"></h2><a href="#part"></a><a href="../index.html"></a><a href="a.html#a&amp;b"></a>
     <a href="/base/docs/b.html"></a><a href="#nowhere"></a><a href="/docs/a.html"></a>`,
  );
});
afterAll(() => rmSync(site, { recursive: true, force: true }));

it('names links to files and anchors that do not exist, and past the base', () => {
  expect(deadLinks(site, '/base/').sort()).toEqual(
    ['a.html#a&b', '#nowhere', '/base/docs/b.html', '/docs/a.html']
      .map((link) => `${join('docs', 'a.html')}: ${link}`)
      .sort(),
  );
});
