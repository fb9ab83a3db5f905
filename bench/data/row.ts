/** A row of a table, as its file holds it. */
export interface Row {
  readonly values: Readonly<Record<string, unknown>>;
  readonly file: string;
  /** Where in the file, counted from 1: "line 7" of JSONL, "row 7" of parquet. */
  readonly at: string;
}

/** A row's place as messages name it. */
export function placeOf({ file, at }: Pick<Row, 'file' | 'at'>): string {
  return `${file}, ${at}`;
}
