/** Results in the format of the Python package mteb, which its leaderboard takes. */
export { writeMtebResults } from './write.js';
