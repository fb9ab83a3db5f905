/** Which models were run: what their files and their settings are. */
import type { ModelResult } from '../../results/results.js';
import { html, type Html, type Part } from '../html.js';
import { parameters, whole } from '../numbers.js';
import type { Section } from '../section.js';
import { table } from '../table.js';
import type { View } from '../view.js';

/** How position encodings are called by people. */
const POSITIONS: Readonly<Record<string, string>> = {
  absolute: 'absolute (APE)',
  rope: 'RoPE',
  alibi: 'ALiBi',
};

/** A line each. */
const FACTS: readonly (readonly [name: string, value: (model: ModelResult) => Part])[] = [
  ['Name', ({ name }) => name ?? '–'],
  ['File', ({ file }) => html`<code>${file}</code>`],
  ['Preset', ({ preset }) => preset ?? '–'],
  ['Architecture', ({ architecture }) => architecture],
  ['Weights', ({ quantization }) => quantization],
  ['Parameters', (model) => parameters(model.parameters)],
  ['Dimensions', ({ dimensions }) => whole(dimensions)],
  ['Positions', ({ positionEncoding }) => POSITIONS[positionEncoding] ?? positionEncoding],
  ['Native context', ({ nativeContext }) => `${whole(nativeContext)} tokens`],
  ['Pooling', ({ pooling }) => pooling],
  ['Query prompt', ({ prompts }) => prompt(prompts.query)],
  ['Document prompt', ({ prompts }) => prompt(prompts.document)],
  ['Engine', ({ engine }) => engine],
  ['SHA-256', ({ sha256 }) => hash(sha256)],
];

export function modelsSection({ models }: View): Section {
  return {
    id: 'models',
    title: 'Models',
    body: table({
      id: 'models-table',
      className: 'words',
      caption: 'The models as they were run',
      head: html`<tr>
        <td></td>
        ${models.map(({ model }) => html`<th scope="col">${model.id}</th>`)}
      </tr>`,
      body: html`<tbody>
        ${FACTS.map(
          ([name, value]) =>
            html`<tr>
              <th scope="row">${name}</th>
              ${models.map(({ model }) => html`<td>${value(model)}</td>`)}
            </tr> `,
        )}
      </tbody>`,
    }),
  };
}

/** With quotes, so that spaces and line ends can be seen. */
function prompt(text: string): Part {
  return text === '' ? 'none' : html`<code>${JSON.stringify(text)}</code>`;
}

export function hash(sha256: string): Html {
  return html`<code class="hash">${sha256}</code>`;
}
