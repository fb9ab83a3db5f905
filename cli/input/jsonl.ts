import { malformed } from './document.js';
import { parseJson } from './json.js';
import type { Line } from './lines.js';

const EXPECTED = '{"id": "…", "text": "…"}';

/** Reads `{"id", "text"}`. Other keys are the user's own and passed over; without an id the line's number names it. */
export function parseJsonl(line: string): Line {
  const value = parseJson(line, EXPECTED);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`The line is no object: expected ${EXPECTED}.`);
  }
  const { id, text } = value as { id?: unknown; text?: unknown };
  if (text === undefined) throw malformed(`The line has no "text": expected ${EXPECTED}.`);
  if (typeof text !== 'string') throw malformed(`"text" is no string: expected ${EXPECTED}.`);
  return id === undefined ? { content: text } : { id: checkId(id), content: text };
}

/** An id must come out as it went in; a number past 2^53 would not. */
function checkId(id: unknown): string | number {
  if (typeof id === 'string') return id;
  if (typeof id === 'number' && Number.isFinite(id) && (!Number.isInteger(id) || Number.isSafeInteger(id)))
    return id;
  throw malformed('"id" must be a string or a number; one of more than 15 digits must be a string.');
}
