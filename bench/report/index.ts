/** The report of a benchmark: one page that needs nothing but itself. */
import type { Results } from '../results/results.js';
import { writeWhole } from '../results/write-whole.js';
import { page } from './page.js';
import { viewOf } from './view.js';

/**
 * A page of HTML with all that `results` say: the scores beside the paper's, by length and by target, every metric, the
 * models, the data and what could not be run. It loads nothing, runs no script, and is the same for equal results.
 */
export function reportHtml(results: Results): string {
  return page(viewOf(results));
}

/**
 * Writes `reportHtml(results)` into a file, which is there whole or not at all.
 * @throws LongEmbedError ERR_INVALID_OPTION with the reason when it cannot be written
 */
export async function writeReport(path: string, results: Results): Promise<void> {
  await writeWhole(path, reportHtml(results));
}
