// The site of these pages, built by `npm run docs` (scripts/docs.mjs). Its source is the whole repository, so that links between
// the pages are the same here and in a clone.
import { dirname, join, relative, resolve } from 'node:path';
import process from 'node:process';
import { githubSlug, isPage, OUTSIDE, SIDEBAR } from './pages.mjs';
import { writeLlmsTexts } from './llms.mjs';
import { withoutDeadEnds } from './links.mjs';

const root = resolve(import.meta.dirname, '../..');

export default {
  title: 'longembed',
  description: 'Embeddings of long documents with short-context GGUF models, without training',
  lang: 'en',
  base: process.env['LONGEMBED_DOCS_BASE'] ?? '/',
  srcDir: '..',
  srcExclude: OUTSIDE,
  rewrites: { 'docs/index.md': 'index.md' },
  lastUpdated: false,
  /** @param {{ outDir: string }} site */
  buildEnd: ({ outDir }) => writeLlmsTexts(outDir),
  themeConfig: {
    nav: [
      { text: 'Start', link: '/docs/contract' },
      { text: 'Choose', link: '/docs/choose' },
      { text: 'API', link: '/docs/api/' },
      { text: 'Troubleshooting', link: '/docs/troubleshooting' },
    ],
    sidebar: SIDEBAR,
    outline: { level: [2, 3] },
    search: { provider: 'local' },
  },
  markdown: {
    anchor: { slugify: githubSlug },
    /** @param {any} md markdown-it, in which links to what is no page become text */
    config: (md) => {
      withoutDeadEnds(md, (page, target) =>
        isPage(relative(root, resolve(dirname(join(root, page)), target))),
      );
    },
  },
};
