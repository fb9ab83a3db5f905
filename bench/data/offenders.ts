import { basename } from 'node:path';
import { display } from '../../lib/error.js';
import type { Row } from './row.js';

/** What was wrong in a row, and the row's place. */
export interface Offender extends Pick<Row, 'file' | 'at'> {
  readonly what: string;
}

const NAMED = 3;

/** How many there are and the first few: `5, the first of them "d1" (corpus.jsonl, line 7), "d2" (corpus.jsonl, line 9), …`. */
export function listOffenders(offenders: readonly Offender[]): string {
  const named = offenders
    .slice(0, NAMED)
    .map(({ what, file, at }) => `${display(what)} (${basename(file)}, ${at})`)
    .join(', ');
  return offenders.length > NAMED ? `${offenders.length}, the first of them ${named}` : named;
}
