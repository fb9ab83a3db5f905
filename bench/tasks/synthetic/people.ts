import { FIRST_NAMES } from './first-names.js';
import { LAST_NAMES } from './last-names.js';
import type { Random } from './random.js';

/** Full names, no two the same. */
export function people(count: number, random: Random): string[] {
  return random.sample(FIRST_NAMES.length * LAST_NAMES.length, count).map((index) => {
    const first = FIRST_NAMES[index % FIRST_NAMES.length] as string;
    const last = LAST_NAMES[Math.floor(index / FIRST_NAMES.length)] as string;
    return `${first} ${last}`;
  });
}
