import { SIDEBAR } from './pages.mjs';

/**
 * Makes markdown-it show links to files of the repository that are no pages (sources, folders, licences) as their text alone.
 * @param {any} md
 * @param {(page: string, target: string) => boolean} leadsToPage both are paths; the page's is from the repository's root
 */
export function withoutDeadEnds(md, leadsToPage) {
  md.core.ruler.push('dead-ends', (/** @type {any} */ state) => {
    const { relativePath } = state.env;
    // the home page is shown in the root, and is where its file is as far as links are concerned
    const page = relativePath === 'index.md' ? 'docs/index.md' : relativePath;
    for (const { children } of state.tokens) {
      let open = true;
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          const [target = ''] = decodeURI(token.attrGet('href') ?? '').split('#');
          open = /^([a-z]+:|\/)/i.test(target) || target === '' || leadsToPage(page, withSource(target));
        }
        if (!open && /^link_(open|close)$/.test(token.type)) token.hidden = true;
        if (token.type === 'link_close') open = true;
        // where a clone shows the file's name the site has its title
        if (token.type === 'text') token.content = titleOf(token.content) ?? token.content;
      }
      if (children !== null && children !== undefined) {
        children.splice(0, children.length, ...children.filter((/** @type {any} */ token) => !token.hidden));
      }
    }
  });
}

/** The title of a page of docs/ in the sidebar. @param {string} text */
function titleOf(text) {
  const name = /^(?:docs\/)?([\w-]+)\.md$/.exec(text)?.[1];
  return SIDEBAR.flatMap(({ items }) => items).find(({ link }) => link === `/docs/${name}`)?.text;
}

/** VitePress has turned links to pages into links to their HTML by then. @param {string} target */
function withSource(target) {
  if (target.endsWith('/')) return `${target}index.md`;
  return target.replace(/\.html$/, '.md');
}
