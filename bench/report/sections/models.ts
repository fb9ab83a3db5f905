/** What was run and on what: models, data, and strategies that were not run. */
import type { ModelResult } from '../../results/results.js';
import { taskOf } from '../../tasks/index.js';
import { html, type Html, type Part, type Section, table } from '../html.js';
import { count } from '../../../lib/format.js';
import { parameters } from '../numbers.js';
import type { View } from '../view.js';

/** Display names of position encodings. */
const POSITIONS: Readonly<Record<string, string>> = {
  absolute: 'absolute (APE)',
  rope: 'RoPE',
  alibi: 'ALiBi',
};

/** The rows of the table. */
const ROWS: readonly (readonly [name: string, value: (model: ModelResult) => Part])[] = [
  ['Name', ({ name }) => name ?? '–'],
  ['File', ({ file }) => (file === '' ? '–' : html`<code>${file}</code>`)],
  ['Preset', ({ preset }) => preset ?? '–'],
  ['Architecture', ({ architecture }) => architecture],
  ['Weights', ({ quantization }) => quantization || '–'],
  ['Parameters', (model) => (model.parameters === 0 ? 'unknown' : parameters(model.parameters))],
  ['Dimensions', ({ dimensions }) => (dimensions === 0 ? '–' : count(dimensions))],
  ['Positions', ({ positionEncoding }) => POSITIONS[positionEncoding] ?? positionEncoding],
  ['Native context', ({ nativeContext }) => (nativeContext === 0 ? '–' : `${count(nativeContext)} tokens`)],
  ['Pooling', ({ pooling }) => pooling || '–'],
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
        ${ROWS.map(
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

/** In quotes, so that spaces and line breaks are visible. */
function prompt(text: string): Part {
  return text === '' ? 'none' : html`<code>${JSON.stringify(text)}</code>`;
}

function hash(sha256: string): Html {
  return html`<code class="hash">${sha256}</code>`;
}

/** The data: enough to tell whether two reports used the same. */
export function dataSection({ results: { data, limit } }: View): Section | null {
  if (data.length === 0) return null;
  return {
    id: 'data',
    title: 'Data',
    body: html`${table({
      id: 'data-table',
      className: 'words',
      caption:
        limit === null
          ? 'Documents and queries of every split'
          : `Documents and queries of every split, after the limit of ${count(limit)} documents`,
      head: html`<tr>
        <th scope="col">Split</th>
        <th scope="col" class="number">Documents</th>
        <th scope="col" class="number">Queries</th>
        <th scope="col">SHA-256 of ids, texts and relevance</th>
      </tr>`,
      body: data.map(
        ({ task, origin, splits }) =>
          html`<tbody>
            <tr class="group">
              <th scope="rowgroup" colspan="4">
                <span>${taskOf(task).title}<small>${origin}</small></span>
              </th>
            </tr>
            ${splits.map(
              ({ name, documents, queries, sha256 }) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  <td class="number">${count(documents)}</td>
                  <td class="number">${count(queries)}</td>
                  <td>${hash(sha256)}</td>
                </tr> `,
            )}
          </tbody> `,
      ),
    })}`,
  };
}

/** Strategies that a model does not support, with the reasons. */
export function unsupportedSection({ models }: View): Section | null {
  const some = models.filter(({ model }) => model.unsupported.length > 0);
  if (some.length === 0) return null;
  return {
    id: 'unsupported',
    title: 'Not run',
    body: table({
      id: 'unsupported-table',
      className: 'words',
      caption: 'Strategies that a model does not support',
      head: html`<tr>
        <th scope="col">Strategy</th>
        <th scope="col">Reason</th>
      </tr>`,
      body: some.map(
        ({ model }) =>
          html`<tbody>
            <tr class="group">
              <th scope="rowgroup" colspan="2"><span>${model.id}</span></th>
            </tr>
            ${model.unsupported.map(
              ({ extend, reason }) =>
                html`<tr>
                  <th scope="row"><code>${extend}</code></th>
                  <td class="wide">${reason}</td>
                </tr> `,
            )}
          </tbody> `,
      ),
    }),
  };
}
