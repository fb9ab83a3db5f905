import type { Method } from '../lib/extend/index.js';

/** A line a strategy, for people who choose one. */
export const STRATEGY_LINES: Readonly<Record<Method, string>> = {
  none: 'no extension; with a target, RoPE and ALiBi models run past their native context',
  pcw: 'windows of the native length, their vectors averaged; for every model',
  gp: 'grouped positions: s= neighbouring tokens share one',
  rp: 'recurrent positions: the native ones over and over',
  pi: 'interpolated positions: divided by s=, so that all fit into the native range',
  ntk: "RoPE's base times lambda=, for short texts too; the paper's best for E5-Mistral",
  se: "self-extend: exact within w= tokens, groups of g= beyond; the paper's best for E5-RoPE",
};
