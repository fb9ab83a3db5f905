/** --extend, for the commands that take a strategy. */
import { InvalidArgumentError } from 'commander';
import { type Extend, METHODS, parseExtend, STRATEGIES } from '../lib/extend/index.js';

/** Reads --extend. */
export function parseSpec(spec: string): Extend {
  try {
    return parseExtend(spec);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** A line a strategy, for people who choose one. */
export const STRATEGY_HELP = METHODS.map(
  (method) => `  ${method.padEnd(6)}  ${STRATEGIES[method].help}`,
).join('\n');
