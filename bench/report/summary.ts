/** The top of the page: what was run on which machine, and whether documents were limited. */
import { html, type Html, type Part } from './html.js';
import { count } from '../../lib/format.js';
import { counted, gibibytes } from './numbers.js';
import type { View } from './view.js';

export function summary(view: View): Html {
  const { results } = view;
  const { machine, versions, seed, limit } = results;
  const strategies = new Set(results.runs.map(({ method }) => method));
  const synthetic = view.tasks.some(({ kind }) => kind === 'synthetic');
  const facts: [name: string, value: Part][] = [
    ['Models', view.models.map(({ model }) => model.id).join(', ')],
    ['Tasks', view.tasks.map(({ title }) => title).join(', ')],
    ...(synthetic ? [['Seed', html`${seed} (synthetic tasks)`] as [string, Part]] : []),
    [
      'Machine',
      `${machine.cpu}, ${counted(machine.cores, 'core')}, ${gibibytes(machine.memoryBytes)} of memory, ${machine.platform}`,
    ],
    ...(machine.backend === ''
      ? []
      : [['Ran on', `${machine.backend}, ${counted(machine.threads, 'thread')}`] as [string, Part]]),
    [
      'Versions',
      html`longembed ${versions.longembed}, llama.cpp ${versions.llama}
      (<code>${versions.commit.slice(0, 7)}</code>), Node ${versions.node}`,
    ],
  ];
  return html`<header>
    <h1>LongEmbed benchmark</h1>
    <p class="lead">
      ${counted(view.models.length, 'model')}, ${counted(strategies.size, 'strategy', 'strategies')},
      ${counted(view.tasks.length, 'task')}
    </p>
    ${limit === null ? null : quickLook(limit)}${isUnfinished(view) ? UNFINISHED : null}
    <dl>
      ${facts.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd> `,
      )}
    </dl>
  </header> `;
}

function quickLook(limit: number): Html {
  return html`<aside class="limit" aria-label="Quick look">
    <strong>A quick look, not the benchmark.</strong> Only the first ${counted(limit, 'document')} of every
    split were used (<code>--limit ${count(limit)}</code>): with fewer documents to choose from, scores are
    higher than on the full data. Do not compare them with the paper’s or anyone else’s.
  </aside> `;
}

/** The report is written after every task. */
function isUnfinished({ models }: View): boolean {
  return models.some(({ runs, complete }) => complete.length < runs.length);
}

const UNFINISHED = html`<aside class="limit" aria-label="Unfinished">
  <strong>Unfinished.</strong> Some runs have not finished all tasks yet. Charts and gains show only those
  that have.
</aside> `;
