/** A part of a document under one heading. */
export interface Section {
  /** The document's title and the heading, as a query would name it; null where there is none. */
  readonly title: string | null;
  /** Without markup and line breaks, in order. */
  readonly paragraphs: readonly string[];
}

/** A title is a line of at most so many characters. */
const MAX_TITLE = 120;

/** The sections of a text; headings are those of Markdown, and a short first line before an empty one is the title of any text. */
export function sectionsOf(text: string): Section[] {
  const blocks = withoutFences(text.replace(/\r\n?/g, '\n').replace(/^---\n[\s\S]*?\n---\n/, ''))
    .replace(/^(.+)\n(?:=+|-{3,})[ \t]*$/gm, '# $1\n')
    .replace(/^(#{1,6} .*)$/gm, '\n$1\n')
    .split(/\n(?:[ \t]*\n)+/)
    .map((block) => block.trim())
    .filter((block) => block !== '');
  const sections: { title: string | null; paragraphs: string[] }[] = [];
  let documentTitle: string | null = null;
  let current: { title: string | null; paragraphs: string[] } | null = null;
  blocks.forEach((block, i) => {
    const heading = headingOf(block, i === 0 && blocks.length > 1);
    if (heading !== null) {
      documentTitle ??= heading;
      const title = heading === documentTitle ? heading : `${documentTitle}: ${heading}`;
      sections.push((current = { title, paragraphs: [] }));
      return;
    }
    if (current === null) sections.push((current = { title: null, paragraphs: [] }));
    const paragraph = plain(block);
    if (/\p{L}/u.test(paragraph)) current.paragraphs.push(paragraph);
  });
  return sections.filter(({ paragraphs }) => paragraphs.length > 0);
}

/** Code is not prose. */
const withoutFences = (text: string): string => text.replace(/^(```|~~~)[\s\S]*?^\1.*$/gm, '');

function headingOf(block: string, isFirst: boolean): string | null {
  const marked = /^#{1,6} +(.*?)(?: +#+)?$/.exec(block)?.[1];
  const line = marked ?? (isFirst && !block.includes('\n') && block.length <= MAX_TITLE ? block : null);
  const title = line === null ? '' : plain(line).slice(0, MAX_TITLE);
  return /\p{L}/u.test(title) ? title : null;
}

// A text between brackets ends where another begins, and so does an address, but for brackets that are closed: lines of brackets
// that nothing closes would otherwise be read to their end from each of them.
const ADDRESS = String.raw`\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)`;
const IMAGE = new RegExp(String.raw`!\[[^[\]\n]*\]${ADDRESS}`, 'g');
const LINK = new RegExp(String.raw`\[([^[\]\n]+)\](?:${ADDRESS}|\[[^[\]\n]*\])`, 'g');

/** Markdown's marks, tables, tags and line breaks left out. */
function plain(block: string): string {
  return block
    .replace(/<[^<>\n]{1,200}>/g, ' ')
    .replace(IMAGE, ' ')
    .replace(LINK, '$1')
    .replace(/^[ \t]*(?:[-*+]|\d+[.)]|>+)[ \t]+/gm, '')
    .replace(/^[ \t]*\|.*\|[ \t]*$/gm, ' ')
    .replace(/(\*\*|__|`)(.+?)\1/g, '$2')
    .replace(/\s+/g, ' ')
    .trim();
}
