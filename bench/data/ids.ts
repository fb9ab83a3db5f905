import { createHash } from 'node:crypto';
import type { Dataset } from './dataset.js';

/**
 * SHA-256 of a data set, in hex: of the ids and texts in their order and of the grades. Two results are of the same data
 * if and only if these agree; in which file, format or order the grades stood makes no difference.
 */
export function datasetSha256({ documents, queries, relevance }: Dataset): string {
  const hash = createHash('sha256');
  const add = (...fields: (string | number)[]): void => void hash.update(`${JSON.stringify(fields)}\n`);
  for (const [kind, texts] of Object.entries({ document: documents, query: queries })) {
    for (const { id, text } of texts) {
      // The length tells where the text ends, so that no other text and id could give the same bytes.
      add(kind, id, text.length);
      hash.update(text);
    }
  }
  for (const { id } of queries) {
    const grades = [...(relevance.get(id) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [document, grade] of grades) add('relevance', id, document, grade);
  }
  return hash.digest('hex');
}
