import { addon } from './addon.js';
import { startJob } from './job.js';
import type { NativeJob } from './types.js';

/**
 * The dot product of every left row with every right row, off the main thread: a row of results a left row. A result is off
 * by about 1e-6 of the sum of its products' magnitudes at most, and depends on the two rows only: not on the others, nor on the
 * threads. At most 2²⁸ results a call. Neither array may change until the job settles.
 * @param dimensions numbers of a row
 * @param threads 0: as many as there are physical cores
 * @returns a job; it rejects with ERR_INVALID_OPTION when an array is no whole number of rows or a number is out of range,
 *   with ERR_BACKEND when something is of the wrong type, with ERR_ABORTED when it was cancelled
 */
export function dotProducts(
  left: Float32Array,
  right: Float32Array,
  dimensions: number,
  threads = 0,
): NativeJob<Float32Array> {
  return startJob(() => addon().dotProducts(left, right, dimensions, threads));
}
