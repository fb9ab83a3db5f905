import { collect, decodeUtf8 } from '../../lib/utf8.js';
import { type Document, failureOf, type Source } from './document.js';

/** A file is a document; its path is the id. */
export async function* readText({ path, open }: Source): AsyncGenerator<Document> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  let content: Document['content'];
  try {
    for await (const piece of open()) bytes = collect(pieces, piece, bytes);
    content = decodeUtf8(Buffer.concat(pieces));
  } catch (error) {
    content = failureOf(error);
  }
  yield { id: path, where: path, bytes, content };
}
