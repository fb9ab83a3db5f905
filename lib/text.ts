import { constants } from 'node:buffer';
import { LongEmbedError } from './error.js';

const NEWLINE = 0x0a;

/** JavaScript's longest string: UTF-8 of that many bytes always fits into one. */
const MAX_TEXT_BYTES = constants.MAX_STRING_LENGTH;

/** Adds a piece to a document's bytes; throws ERR_INPUT_TOO_LONG before it fills the memory. */
export function collect(pieces: Uint8Array[], piece: Uint8Array, bytesBefore: number): number {
  const bytes = bytesBefore + piece.length;
  if (bytes > MAX_TEXT_BYTES) {
    throw new LongEmbedError(
      'ERR_INPUT_TOO_LONG',
      `The text is more than ${MAX_TEXT_BYTES} bytes, the longest string there is: split it into several documents.`,
    );
  }
  pieces.push(piece);
  return bytes;
}

/**
 * Decodes UTF-8 without a byte order mark. Invalid bytes are not replaced, which would silently change the text.
 * @throws LongEmbedError ERR_TOKENIZER naming the offset of the first wrong byte
 */
export function decodeUtf8(bytes: Uint8Array): string {
  if (hasManyNuls(bytes)) {
    throw notText(packedKind(bytes) ?? `${binaryKind(bytes)}. Convert it to UTF-8 text first`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const packed = packedKind(bytes);
    if (packed !== null) throw notText(packed, cause);
    const offset = firstInvalidByte(bytes);
    const what =
      offset < bytes.length ? `byte ${offset} is wrong` : `it ends within a character, at byte ${offset}`;
    const kind = isUtf16(bytes) ? `, but ${binaryKind(bytes)}` : '';
    throw new LongEmbedError(
      'ERR_TOKENIZER',
      `The text is not UTF-8${kind}: ${what}. Convert it to UTF-8 first.`,
      { cause },
    );
  }
}

function notText(what: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError('ERR_TOKENIZER', `The text is ${what}.`, { cause });
}

/** The length of a text's first `units` units, or one less where that would cut a surrogate pair. */
export function wholeCharacters(text: string, units: number): number {
  const code = text.charCodeAt(units - 1);
  return code >= 0xd800 && code < 0xdc00 ? units - 1 : units;
}

/** How files begin that hold a text but are none, and what they are. */
const PACKED = [
  ['%PDF-', 'a PDF, whose text has to be extracted first'],
  ['PK\x03\x04', 'a zip archive, as .docx, .xlsx and .epub are, whose text has to be extracted first'],
  ['\x1f\x8b', 'compressed by gzip, and has to be unpacked first'],
] as const;

function packedKind(bytes: Uint8Array): string | null {
  const start = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  return PACKED.find(([beginning]) => start.startsWith(beginning))?.[1] ?? null;
}

/** Whether it begins as PDF files do. */
export function isPdf(bytes: Uint8Array): boolean {
  return packedKind(bytes) === PACKED[0][1];
}

/** Whether it begins with a byte order mark of UTF-16, as PowerShell writes it. */
function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

/** Bytes at the beginning that are searched for NULs. */
const SAMPLE_BYTES = 4096;
const MIN_NULS = 8;

/** Whether more than a tenth of the beginning is NUL, which no text is: UTF-16 without its mark, or binary data. */
function hasManyNuls(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const nuls = countNuls(sample);
  return nuls >= MIN_NULS && nuls > sample.length / 10;
}

function countNuls(bytes: Uint8Array): number {
  return bytes.reduce((nuls, byte) => nuls + (byte === 0 ? 1 : 0), 0);
}

function binaryKind(bytes: Uint8Array): string {
  if (isUtf16(bytes)) return 'UTF-16';
  // ASCII in UTF-16 has every other byte NUL.
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const even = countNuls(sample.filter((_byte, index) => index % 2 === 0));
  const odd = countNuls(sample) - even;
  const half = sample.length / 2;
  const alternates = Math.max(even, odd) > 0.7 * half && Math.min(even, odd) < 0.1 * half;
  return alternates ? 'UTF-16 without a byte order mark' : 'binary data with many NUL bytes, not text';
}

/** The offset of the byte at which decoding fails; the length when only the end is missing. */
function firstInvalidByte(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.length + 1];
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (isPrefix(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

/** Whether UTF-8 can begin like this; a character cut at the end is allowed. */
function isPrefix(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

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
