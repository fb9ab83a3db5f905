/** The report of a benchmark: one self-contained HTML page. */
import { createHash } from 'node:crypto';
import type { Results } from '../results/results.js';
import { writeFileAtomically } from '../../lib/atomic-file.js';
import { html, type Section, trusted } from './html.js';
import { readingOf } from './readings.js';
import { depthsSection } from './sections/depths.js';
import { detailsSection } from './sections/details.js';
import { gainsSection } from './sections/gains.js';
import { lengthsSection } from './sections/lengths.js';
import { dataSection, modelsSection, unsupportedSection } from './sections/models.js';
import { positionsSection } from './sections/positions.js';
import { scoresSection } from './sections/scores.js';
import { targetsSection } from './sections/targets.js';
import { STYLE } from './style.js';
import { summary } from './summary.js';
import { type View, viewOf } from './view.js';

/** In the page's order; a section without content returns null. */
const SECTIONS: readonly ((view: View) => Section | null)[] = [
  scoresSection,
  lengthsSection,
  depthsSection,
  gainsSection,
  targetsSection,
  positionsSection,
  detailsSection,
  unsupportedSection,
  modelsSection,
  dataSection,
];

/** Nothing may be loaded, no script run, and only our own style used. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The policy has the hash of exactly the text between the tags. */
const STYLE_ELEMENT = trusted(`<style>${STYLE}</style>`);

/**
 * An HTML page with everything in `results`: the scores beside the paper's, by length and by target, all metrics, the models,
 * the data and what could not be run. It loads nothing, runs no script, and is the same for equal results.
 */
export function reportHtml(results: Results): string {
  return page(viewOf(results));
}

/**
 * Writes `reportHtml(results)` atomically into a file.
 * @throws LongEmbedError ERR_INVALID_OPTION with the reason when it cannot be written
 */
export async function writeReport(path: string, results: Results): Promise<void> {
  await writeFileAtomically(path, reportHtml(results));
}

function page(view: View): string {
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
                ${readingOf(id, view)} ${body}
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
