import { splitLines } from '../../lib/split-lines.js';
import { decodeUtf8 } from '../../lib/utf8.js';
import { type Document, failureOf, type Source } from './document.js';

/** What a line gives: its content, and its id when it has one of its own. */
export interface Line {
  readonly id?: string | number;
  readonly content: string | readonly number[];
}

/**
 * A line is a document. Blank lines are passed over but counted.
 * @param counter lines read so far, over all files: the id of a document that has none
 * @param parse reads one line; throws LongEmbedError when it is malformed, and then this document fails alone
 */
export async function* readLines(
  source: Source,
  counter: { lines: number },
  parse: (line: string) => Line,
): AsyncGenerator<Document> {
  const before = counter.lines;
  try {
    for await (const bytes of splitLines(source.open())) {
      const number = counter.lines++;
      const named = { id: number, where: `${source.path}:${number - before + 1}`, bytes: bytes.length + 1 };
      const document = toDocument(bytes, named, parse);
      if (document !== null) yield document;
    }
  } catch (error) {
    yield { id: source.path, where: source.path, bytes: 0, content: failureOf(error) };
  }
}

function toDocument(
  bytes: Uint8Array,
  named: Omit<Document, 'content'>,
  parse: (line: string) => Line,
): Document | null {
  try {
    const line = decodeUtf8(bytes);
    return line.trim() === '' ? null : { ...named, ...parse(line) };
  } catch (error) {
    return { ...named, content: failureOf(error) };
  }
}
