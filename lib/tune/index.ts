/** Tuning: rows of a position matrix that learn from pairs of short texts, so that a model takes longer ones. */
export { tunePositions } from './tune-positions.js';
export type { DevScore, TunedFile, TuneOptions, TuneProgress } from './options.js';
