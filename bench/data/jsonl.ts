import { LongEmbedError } from '../../lib/index.js';
import { splitLines, decodeUtf8 } from '../../lib/text.js';
import { readBytes } from './bytes.js';
import { badData } from './errors.js';
import type { Row } from './row.js';

/**
 * Reads a .jsonl, .jsonl.gz or .jsonl.zst file, a row a line; blank lines are passed over.
 * @throws LongEmbedError ERR_INVALID_OPTION, with the line, when one is not UTF-8 or not a JSON object; ERR_ABORTED
 */
export async function* readJsonl(file: string, signal: AbortSignal | undefined): AsyncGenerator<Row> {
  let number = 0;
  for await (const bytes of splitLines(readBytes(file, signal))) {
    number += 1;
    const at = `line ${number}`;
    const values = parseLine(bytes, `${file}, ${at}`);
    if (values !== null) yield { values, file, at };
  }
}

function parseLine(bytes: Uint8Array, place: string): Record<string, unknown> | null {
  const line = decodeLine(bytes, place);
  if (line.trim() === '') return null;
  const value = parseJson(line, place);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw badData(`${place}: the line is no JSON object such as {"doc_id": "…", "text": "…"}.`);
}

function decodeLine(bytes: Uint8Array, place: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    if (error instanceof LongEmbedError) throw badData(`${place}: ${error.message}`, error);
    throw error;
  }
}

function parseJson(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw badData(`${place}: the line is not JSON (${(error as Error).message}).`, error);
  }
}
