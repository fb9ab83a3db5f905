import { describe, expect, it } from 'vitest';
import { scoresByDepth } from '../../../bench/runner/by-depth.js';

describe('scoresByDepth', () => {
  it('has a mean for each fifth of the documents', () => {
    const depths = new Map([
      ['first', 0],
      ['before', 0.1999],
      ['second', 0.2],
      ['middle', 0.5],
      ['last', 1],
      ['unasked', 0.9],
    ]);
    const scores = new Map([
      ['first', 1],
      ['before', 0],
      ['second', 1],
      ['middle', 0],
      ['last', 1],
      ['without depth', 1],
    ]);
    expect(scoresByDepth(scores, depths)).toEqual([
      { from: 0, to: 0.2, queries: 2, score: 0.5 },
      { from: 0.2, to: 0.4, queries: 1, score: 1 },
      { from: 0.4, to: 0.6, queries: 1, score: 0 },
      { from: 0.6, to: 0.8, queries: 0, score: null },
      { from: 0.8, to: 1, queries: 1, score: 1 },
    ]);
  });
});
