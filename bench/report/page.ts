/** The page around the sections. */
import { createHash } from 'node:crypto';
import { html, trusted } from './html.js';
import type { Section } from './section.js';
import { dataSection } from './sections/data.js';
import { detailsSection } from './sections/details.js';
import { gainsSection } from './sections/gains.js';
import { lengthsSection } from './sections/lengths.js';
import { modelsSection } from './sections/models.js';
import { positionsSection } from './sections/positions.js';
import { scoresSection } from './sections/scores.js';
import { targetsSection } from './sections/targets.js';
import { unsupportedSection } from './sections/unsupported.js';
import { STYLE } from './style.js';
import { summary } from './summary.js';
import type { View } from './view.js';

/** In the page's order; each gives null when there is nothing to say. */
const SECTIONS: readonly ((view: View) => Section | null)[] = [
  scoresSection,
  lengthsSection,
  gainsSection,
  targetsSection,
  positionsSection,
  detailsSection,
  unsupportedSection,
  modelsSection,
  dataSection,
];

/** Nothing may be loaded and no script run; of styles only ours. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The policy names exactly what is between the tags. */
const STYLE_ELEMENT = trusted(`<style>${STYLE}</style>`);

export function page(view: View): string {
  const sections = SECTIONS.flatMap((section) => section(view) ?? []);
  const models = view.models.map(({ model }) => model.id).join(', ');
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>LongEmbed benchmark: ${models}</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        ${summary(view)}
        <nav aria-label="Contents">
          <ul>
            ${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}
          </ul>
        </nav>
        <main>
          ${sections.map(
            ({ id, title, body }) =>
              html`<section id="${id}" aria-labelledby="${id}-heading">
                <h2 id="${id}-heading">${title}</h2>
                ${body}
              </section> `,
          )}
        </main>
        <footer>
          <p>
            The tasks and the paper’s figures:
            <cite>LongEmbed: Extending Embedding Models for Long Context Retrieval</cite>, arXiv 2404.12096.
          </p>
        </footer>
      </body>
    </html> `.text;
}
