/** The hundred facts of the needle test. */
import { arts } from './arts.js';
import { company } from './company.js';
import { cooking } from './cooking.js';
import { engineering } from './engineering.js';
import type { Fact } from './fact.js';
import { geography } from './geography.js';
import { history } from './history.js';
import { law } from './law.js';
import { medicine } from './medicine.js';
import { science } from './science.js';
import { sport } from './sport.js';

export type { Fact } from './fact.js';

export const FACTS: readonly Fact[] = [
  ...science,
  ...history,
  ...law,
  ...medicine,
  ...engineering,
  ...arts,
  ...sport,
  ...cooking,
  ...geography,
  ...company,
];
