import { dntk, type DntkExtend } from './dntk.js';
import { type GpExtend, gp } from './gp.js';
import { type NoneExtend, none } from './none.js';
import { type NtkExtend, ntk } from './ntk.js';
import { type PcwExtend, pcw } from './pcw.js';
import { type PiExtend, pi } from './pi.js';
import { type RpExtend, rp } from './rp.js';
import { type SeExtend, se } from './se.js';
import type { Strategy } from './strategy.js';
import { yarn, type YarnExtend } from './yarn.js';

/** A strategy and its keys; the same as a spec string such as `se:4k,g=9,w=64`. */
export type Extend =
  NoneExtend | PcwExtend | GpExtend | RpExtend | PiExtend | NtkExtend | SeExtend | DntkExtend | YarnExtend;

export type Method = Extend['method'];

/** Every strategy, in the order in which they are listed to people. */
export const STRATEGIES: Readonly<{ [M in Method]: Strategy<M> }> = {
  none,
  pcw,
  gp,
  rp,
  pi,
  ntk,
  se,
  dntk,
  yarn,
};

/** The methods by name, in the order in which they are listed to people. */
export const METHODS = Object.keys(STRATEGIES) as readonly Method[];

export function isMethod(name: unknown): name is Method {
  return typeof name === 'string' && Object.hasOwn(STRATEGIES, name);
}
