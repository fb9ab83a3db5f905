/** Search by cosine, and the scores of what it finds. */
export { evaluate, type Evaluation } from './evaluate.js';
export { CUTS, type Cut, type MetricName } from './names.js';
export type { Ranking, Scored } from './ranking.js';
export { search, type SearchOptions } from './search.js';
