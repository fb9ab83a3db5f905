/** A table with a caption, in a container of its own that scrolls where it is wider than the page. */
import { html, type Html, type Part } from './html.js';

export interface TableParts {
  /** Of the caption, unique in the page. */
  readonly id: string;
  readonly caption: Part;
  readonly head: Part;
  readonly body: Part;
  readonly className?: string;
}

/** Who moves by keyboard can scroll it: it takes the focus and has a name. */
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
