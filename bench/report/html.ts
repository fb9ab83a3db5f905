/** Building blocks of the page. Everything that is not marked as HTML is escaped. */

/** A piece of HTML, made by `html` and `trusted`. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Values of a template: lists are joined, null is omitted. */
export type Part = Html | string | number | null | readonly Part[];

/** @example html`<p>${'a < b'}</p>` // <p>a &lt; b</p> */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const text = strings.map((own, i) => (i === 0 ? '' : render(parts[i - 1] ?? null)) + withoutIndent(own));
  return new Html(text.join(''));
}

/** Removes the indentation of our source. */
function withoutIndent(text: string): string {
  return text.replace(/\s*\n\s*/g, '\n');
}

/** Text that is HTML already, such as our style sheet. Never text from outside. */
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

/** A part of the page with a heading and an entry in the table of contents. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

export interface TableParts {
  /** Id of the caption, unique in the page. */
  readonly id: string;
  readonly caption: Part;
  readonly head: Part;
  readonly body: Part;
  readonly className?: string;
}

/**
 * A table with a caption in its own scrolling container. The container can take the focus and has a name, so that it can be
 * scrolled by keyboard.
 */
export function table({ id, caption, head, body, className }: TableParts): Html {
  return html`<div class="scroll" role="region" aria-labelledby="${id}" tabindex="0">
    <table class="${className ?? ''}">
      <caption id="${id}">
        <span>${caption}</span>
      </caption>
      <thead>
        ${head}
      </thead>
      ${body}
    </table>
  </div> `;
}
