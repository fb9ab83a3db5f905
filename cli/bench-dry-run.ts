import { type DryRun, type DryRunOfModel, terminalTable } from '../bench/index.js';
import { count, duration } from '../lib/format.js';

const HEAD = ['documents', 'queries', 'tokens', 'cut', 'to compute', 'time'];

/** What a dry run found out, a table a model and strategy. */
export function dryRunText({ runs, seconds }: DryRun): string {
  const parts = runs.map(
    (run) => `${run.model}, ${run.extend}: texts are cut at ${count(run.target)} tokens\n\n${table(run)}`,
  );
  const notes =
    'cut: documents that are. to compute: documents and queries that the cache does not hold yet.\n' +
    `About ${duration(seconds)} of computing in all.`;
  return `${[...parts, notes].join('\n\n')}\n`;
}

function table({ tasks }: DryRunOfModel): string {
  const rows = tasks.map(({ task, documents, queries, tokens, truncated, ready, seconds }) => ({
    label: task,
    cells: [
      ...[documents, queries, tokens, truncated, documents + queries - ready].map(count),
      duration(seconds),
    ],
  }));
  return terminalTable(HEAD, rows, false);
}
