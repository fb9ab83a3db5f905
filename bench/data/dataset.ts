/** A retrieval data set: documents, queries and which documents answer which query. */
import { createHash } from 'node:crypto';

export interface Document {
  readonly id: string;
  readonly text: string;
}

export interface Query {
  readonly id: string;
  readonly text: string;
}

/** Relevance grades, integers: query id → document id → grade. Documents without an entry have grade 0. */
export type Relevance = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** A checked data set: ids are unique, and every relevance grade refers to an existing query and document. */
export interface Dataset {
  readonly documents: readonly Document[];
  readonly queries: readonly Query[];
  readonly relevance: Relevance;
  /**
   * Query id → where the fact that answers it stands in its document: the share of the other text before it, from 0 to 1. Only of
   * generated data, where it is known; not part of the hash.
   */
  readonly depths?: ReadonlyMap<string, number>;
}

/**
 * SHA-256 of a data set in hex: of the ids and texts in their order, and of the grades. Two results used the same data if
 * and only if their hashes agree; file, format and order of the grades make no difference.
 */
export function datasetSha256({ documents, queries, relevance }: Dataset): string {
  const hash = createHash('sha256');
  const add = (...fields: (string | number)[]): void => void hash.update(`${JSON.stringify(fields)}\n`);
  for (const [kind, texts] of Object.entries({ document: documents, query: queries })) {
    for (const { id, text } of texts) {
      // The length marks the end of the text, so that no other text and id can give the same bytes.
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
