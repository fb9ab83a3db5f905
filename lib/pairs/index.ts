/** Pairs of texts to tune on, made from one's own documents. */
export { makePairs } from './make-pairs.js';
export type { MadePairs, MakePairsOptions } from './make-pairs.js';
