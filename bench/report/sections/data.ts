/** What the models were run on: enough to tell whether two reports are of the same data. */
import { taskOf } from '../../tasks/index.js';
import { html } from '../html.js';
import { whole } from '../numbers.js';
import type { Section } from '../section.js';
import { table } from '../table.js';
import type { View } from '../view.js';
import { hash } from './models.js';

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
          : `Documents and queries of every split, after the limit of ${whole(limit)} documents`,
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
                  <td class="number">${whole(documents)}</td>
                  <td class="number">${whole(queries)}</td>
                  <td>${hash(sha256)}</td>
                </tr> `,
            )}
          </tbody> `,
      ),
    })}`,
  };
}
