/** A thing that one document of the needle test says and no other, invented for this benchmark. */
export interface Fact {
  /** One or two sentences. */
  readonly text: string;
  /** Asks for the answer in other words. */
  readonly query: string;
  /** The words of `text` that answer the query; no other fact has them. */
  readonly answer: string;
}
