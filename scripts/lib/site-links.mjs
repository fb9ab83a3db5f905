import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/**
 * The links of a built site that lead to no file of it, or to an anchor that its page does not have.
 * @param {string} site the folder
 * @param {string} base where the site will stand, with a slash at both ends
 * @returns {string[]} "page: link"
 */
export function deadLinks(site, base) {
  const pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.html'),
  );
  /** @type {Map<string, { ids: Set<string>, links: string[] }>} */
  const read = new Map();
  for (const page of pages) {
    const text = readFileSync(join(site, page), 'utf8');
    read.set(page, {
      ids: new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => plain(id))),
      links: [...text.matchAll(/<a [^>]*?href="([^"]*)"/g)].map(([, link]) => plain(link)),
    });
  }
  return [...read].flatMap(([page, { links }]) =>
    [...new Set(links)]
      .filter((link) => !/^[a-z]+:/i.test(link) && isDead(page, link))
      .map((link) => `${page}: ${link}`),
  );

  /** @param {string} page @param {string} link */
  function isDead(page, link) {
    const [path = '', anchor = ''] = decodeURI(link).split('#');
    if (path.startsWith('/') && !path.startsWith(base)) return true;
    const file = path.startsWith('/')
      ? path.slice(base.length)
      : relative(site, join(site, path === '' ? page : join(dirname(page), path)));
    const target = file === '' || path.endsWith('/') ? join(file, 'index.html') : file.replaceAll('/', sep);
    if (!existsSync(join(site, target))) return true;
    return anchor !== '' && read.get(target)?.ids.has(anchor) === false;
  }
}

/** @param {string | undefined} text an attribute's value */
function plain(text = '') {
  return text
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'");
}
