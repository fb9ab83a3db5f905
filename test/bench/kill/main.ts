/**
 * Kills a benchmark ten times at random moments and compares what comes out with an undisturbed run:
 *
 *     npx tsx test/bench/kill/main.ts [times [options of longembed bench]]
 */
import { killAgainAndAgain } from './kill.js';
import { modelPath } from '../../../models/random/cached.js';

const [times = '10', ...given] = process.argv.slice(2);
const tasks = ['--tasks', 'passkey', 'needle', '--lengths', '256', '512', '1k'];
const args =
  given.length > 0
    ? given
    : ['--threads', '1', '--model', modelPath('bert'), '--extend', 'none', 'pcw:1k', ...tasks];
const { whole, killed, texts, kills } = await killAgainAndAgain(args, Number(times), Math.random);
for (const [i, { done, again }] of kills.entries()) {
  console.log(
    `kill ${i + 1}: after ${done} computed texts of ${texts}; computed again because of it: ${again}`,
  );
}
console.log(killed === whole ? 'results.json is the same, byte for byte' : 'results.json DIFFERS');
process.exit(killed === whole && kills.every(({ again }) => again <= 1) ? 0 : 1);
