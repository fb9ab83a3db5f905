/** Text that is safe to put into a page: whatever is not marked as HTML is escaped. */

/** A piece of a page, made by `html` and `trusted`. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: lists are joined, null gives nothing. */
export type Part = Html | string | number | null | readonly Part[];

/** @example html`<p>${'a < b'}</p>` // <p>a &lt; b</p> */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const text = strings.map((own, i) => (i === 0 ? '' : render(parts[i - 1] ?? null)) + withoutIndent(own));
  return new Html(text.join(''));
}

/** Indents are for who reads our source, not the page. */
function withoutIndent(text: string): string {
  return text.replace(/\s*\n\s*/g, '\n');
}

/** What is HTML already: our style sheet, a picture that was drawn. Never text from outside. */
export function trusted(text: string): Html {
  return new Html(text);
}

function render(part: Part): string {
  if (part === null) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part));
  return part.map(render).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
