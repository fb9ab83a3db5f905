import { collect } from './utf8.js';

const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes at newlines, which are left out.
 * @throws LongEmbedError ERR_INPUT_TOO_LONG when a line is longer than JavaScript's longest string
 */
export async function* splitLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let begun: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    let from = 0;
    for (let to = piece.indexOf(NEWLINE); to >= 0; to = piece.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...begun, piece.subarray(from, to)]);
      begun = [];
      bytes = 0;
      from = to + 1;
    }
    if (from < piece.length) bytes = collect(begun, piece.subarray(from), bytes);
  }
  if (begun.length > 0) yield Buffer.concat(begun);
}
