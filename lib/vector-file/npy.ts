import { endianness } from 'node:os';

/** Long enough for any count, and always the same, so that a count can be written over another. */
export const NPY_HEADER_BYTES = 128;

/** The header of a NumPy file (format 1.0) of rows × columns float32, in C order. */
export function npyHeader(rows: number, columns: number): Uint8Array {
  const order = endianness() === 'LE' ? '<' : '>';
  const facts = `{'descr': '${order}f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, NPY_HEADER_BYTES - 10, 0]);
  return Buffer.concat([prefix, Buffer.from(`${facts.padEnd(NPY_HEADER_BYTES - 11)}\n`, 'latin1')]);
}

/** The row of a document that failed: rows must not shift against the input. */
export function nanRow(columns: number): Float32Array {
  return new Float32Array(columns).fill(Number.NaN);
}

/** A row as bytes, without a copy. */
export function rowBytes(row: Float32Array): Uint8Array {
  return new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
}
