import type { Dataset } from '../data/dataset.js';

/** The first `limit` documents, and only the queries whose relevant documents are all among them. */
export function limited(dataset: Dataset, limit: number | null): Dataset {
  if (limit === null || limit >= dataset.documents.length) return dataset;
  const documents = dataset.documents.slice(0, limit);
  const kept = new Set(documents.map(({ id }) => id));
  const grades = (query: string) => [...(dataset.relevance.get(query) ?? [])];
  const queries = dataset.queries.filter(({ id }) =>
    grades(id).every(([document, grade]) => grade === 0 || kept.has(document)),
  );
  return {
    documents,
    queries,
    relevance: new Map(
      queries.map(({ id }) => [id, new Map(grades(id).filter(([document]) => kept.has(document)))]),
    ),
  };
}
