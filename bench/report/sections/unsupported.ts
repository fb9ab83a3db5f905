/** What could not be run, and why. */
import { html } from '../html.js';
import type { Section } from '../section.js';
import { table } from '../table.js';
import type { View } from '../view.js';

export function unsupportedSection({ models }: View): Section | null {
  const some = models.filter(({ model }) => model.unsupported.length > 0);
  if (some.length === 0) return null;
  return {
    id: 'unsupported',
    title: 'Not run',
    body: table({
      id: 'unsupported-table',
      className: 'words',
      caption: 'Strategies that a model does not take',
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
