import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/lib/paths.mjs';
import { SIDEBAR } from './pages.mjs';

/**
 * Writes llms.txt, a list of the pages for programs that read them, and llms-full.txt, all of their texts.
 * @param {string} site the built site's folder
 */
export function writeLlmsTexts(site) {
  /** @type {string[]} */
  const list = ['# longembed', '', `> ${summary('README.md')}`];
  /** @type {string[]} */
  const full = [];
  for (const { text, items } of SIDEBAR) {
    list.push('', `## ${text}`, '');
    for (const item of items) {
      if (item.link.endsWith('/')) {
        list.push(`- [${item.text}](${item.link}index.html): every export, from its doc comments`);
        continue;
      }
      const file = `${item.link.slice(1)}.md`;
      list.push(`- [${item.text}](${item.link}.html): ${summary(file)}`);
      full.push(`<!-- ${file} -->\n\n${readFileSync(join(root, file), 'utf8').trim()}`);
    }
  }
  writeFileSync(join(site, 'llms.txt'), `${list.join('\n')}\n`);
  writeFileSync(join(site, 'llms-full.txt'), `${full.join('\n\n')}\n`);
}

/** The first sentence of a page's first paragraph. @param {string} file */
function summary(file) {
  const blocks = readFileSync(join(root, file), 'utf8')
    .replaceAll(/```[^]*?```/g, '')
    .split(/\n\s*\n/)
    .map((block) => block.trim());
  const paragraph = blocks.find((block) => block !== '' && !/^([#|>!-]|<!--)/.test(block)) ?? '';
  const plain = paragraph.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/\s+/g, ' ');
  return (/^.*?\.(?= |$)/.exec(plain)?.[0] ?? plain).replace(/:$/, '.');
}
