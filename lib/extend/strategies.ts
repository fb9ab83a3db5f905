import { gp } from './gp.js';
import { none } from './none.js';
import { ntk } from './ntk.js';
import { pcw } from './pcw.js';
import { pi } from './pi.js';
import { rp } from './rp.js';
import { se } from './se.js';
import type { Strategy } from './strategy.js';
import type { Method } from './types.js';

/** Every strategy, in the order in which they are listed to people. */
export const STRATEGIES: Readonly<Record<Method, Strategy>> = { none, pcw, gp, rp, pi, ntk, se };

/** The methods by name, in the order in which they are listed to people. */
export const METHODS = Object.keys(STRATEGIES) as readonly Method[];

export function isMethod(name: unknown): name is Method {
  return typeof name === 'string' && Object.hasOwn(STRATEGIES, name);
}
