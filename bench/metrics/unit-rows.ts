import { setImmediate as nextTurn } from 'node:timers/promises';
import { LongEmbedError } from '../../lib/index.js';

/** A vector and what messages call it. */
export interface NamedVector {
  readonly name: string;
  readonly vector: Float32Array;
}

/** Numbers that are scaled before other events of the process have their turn: a few milliseconds' work. */
const NUMBERS_A_TURN = 2 ** 20;

/**
 * The vectors scaled to length 1, one after the other. Lengths are computed in float64; a vector of zeros stays one.
 * @param dimensions of every vector
 * @throws LongEmbedError ERR_INVALID_OPTION when a vector has another number of dimensions, or a number that is not finite
 */
export async function unitRows(vectors: readonly NamedVector[], dimensions: number): Promise<Float32Array> {
  const rows = new Float32Array(vectors.length * dimensions);
  let turn = NUMBERS_A_TURN;
  for (const [index, { name, vector }] of vectors.entries()) {
    if (vector.length !== dimensions) {
      throw invalid(`The vector of ${name} has ${vector.length} dimensions, but others have ${dimensions}.`);
    }
    const start = index * dimensions;
    if (start > turn) {
      await nextTurn();
      turn += NUMBERS_A_TURN;
    }
    const length = lengthOf(vector);
    if (!Number.isFinite(length)) {
      throw invalid(
        `The vector of ${name} has numbers that are not finite (NaN or infinity): it has no cosine.`,
      );
    }
    if (length === 0) continue;
    for (let i = 0; i < dimensions; i++) rows[start + i] = (vector[i] ?? 0) / length;
  }
  return rows;
}

function lengthOf(vector: Float32Array): number {
  let squares = 0;
  // counted, since "for … of" over a typed array takes five times as long
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i] ?? 0;
    squares += value * value;
  }
  return Math.sqrt(squares);
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
