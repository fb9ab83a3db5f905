import type { ExtendFacts } from './types.js';

const ENCODINGS: Record<ExtendFacts['positionEncoding'], string> = {
  absolute: 'an absolute position matrix',
  rope: 'rotary positions (RoPE)',
  alibi: 'no positions but a bias by distance (ALiBi)',
  relative: 'relative position biases (T5)',
  none: 'no position encoding',
};

/** Why a model that lacks rotary positions cannot take a strategy; null when it has them. */
export function needsRope(facts: ExtendFacts): string | null {
  if (facts.positionEncoding === 'rope') return null;
  return `it needs rotary positions (RoPE), and this model has ${ENCODINGS[facts.positionEncoding]}`;
}

/** Why a model whose positions cannot be chosen token by token cannot take a strategy; null when they can. */
export function needsPositions(facts: ExtendFacts): string | null {
  if (facts.positionEncoding === 'rope' || facts.positionEncoding === 'absolute') return null;
  return `it changes the positions of tokens, and this model has ${ENCODINGS[facts.positionEncoding]}`;
}

/** What an architecture that runs in llama.cpp's own context must do without; null on longembed's graph. */
export function notScaled(facts: ExtendFacts): string | null {
  return facts.engine === 'graph' ? null : 'longer texts only with attention-scale=off';
}

/** Why an architecture that runs in llama.cpp's own context cannot take a strategy; null on longembed's graph. */
export function needsGraph(facts: ExtendFacts, what: string): string | null {
  if (facts.engine === 'graph') return null;
  return `it needs ${what}, which llama.cpp's own context cannot do, and this architecture runs there`;
}
