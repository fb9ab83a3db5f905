/** Documents, queries and which documents answer which: what a retrieval task consists of. */

export interface Document {
  readonly id: string;
  readonly text: string;
}

export interface Query {
  readonly id: string;
  readonly text: string;
}

/** Grades of relevance, whole numbers: query id → document id → grade; documents that are not named have grade 0. */
export type Relevance = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** A checked data set: ids are unique, every relevance row points at a query and a document that exist. */
export interface Dataset {
  readonly documents: readonly Document[];
  readonly queries: readonly Query[];
  readonly relevance: Relevance;
}
