import { LongEmbedError } from '../error.js';

/** Which of a call's results a vector belongs to. */
export interface VectorPlace {
  /** Of the input. */
  readonly index: number;
  /** Of its chunk or window; null: the vector is the whole input's. */
  readonly part: number | null;
}

/**
 * A vector with which no similarity could be computed. The engine works, and the same input gives the same vector again: whoever
 * decides about another try must be able to tell this from the other failures of ERR_BACKEND.
 */
export class UnusableVectorError extends LongEmbedError {
  readonly place: VectorPlace;
  /** Whether it is the option `dimensions` that left nothing of the vector. */
  readonly isCut: boolean;

  constructor(message: string, place: VectorPlace, isCut: boolean) {
    super('ERR_BACKEND', message);
    this.place = place;
    this.isCut = isCut;
  }
}

/** @param what "zero" or "not finite" */
export function unusableVector(what: string, place: VectorPlace): UnusableVectorError {
  return new UnusableVectorError(
    `The model gave a vector that is ${what}. The file may be damaged or its quantization too coarse; ` +
      'if other models work, try the option backend: "cpu".',
    place,
    false,
  );
}

/** @param kept numbers of `all` */
export function emptyCut(kept: number, all: number, place: VectorPlace): UnusableVectorError {
  return new UnusableVectorError(
    `The first ${kept} of the ${all} numbers of its vector are all zero, or as small as rounding errors, so that the option ` +
      'dimensions leaves a vector without a direction: keep more of them.',
    place,
    true,
  );
}
