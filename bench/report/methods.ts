import type { Method } from '../../lib/index.js';

/** The strategies by their names in the paper, for who knows the specs' short ones not yet. */
export const METHOD_NAMES: Readonly<Record<Method, string>> = {
  none: 'no extension',
  pcw: 'parallel context windows',
  gp: 'grouped positions',
  rp: 'recurrent positions',
  pi: 'position interpolation',
  ntk: 'NTK-aware RoPE base',
  se: 'self-extend',
};
