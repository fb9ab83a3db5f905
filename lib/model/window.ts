import type { WindowPlan } from '../extend/index.js';
import type { Document } from './document.js';
import type { ShortInputs } from './presets/index.js';

/** One sequence for the native side: a window of a document. */
export interface Window {
  readonly document: Document;
  readonly plan: WindowPlan;
  /** Tokens of the sequence, prompt and special ones included. */
  readonly length: number;
  readonly positions: Float32Array | null;
}

export function windowsOf(document: Document, shortInputs: ShortInputs | null): Window[] {
  return document.plans.map((plan) => {
    const length = document.before.length + (plan.to - plan.from) + document.after.length;
    return { document, plan, length, positions: plan.positions ?? shortPositions(length, shortInputs) };
  });
}

/** Positions of a sequence that no strategy changed: null, its indices, but for the models with wider steps. */
function shortPositions(length: number, shortInputs: ShortInputs | null): Float32Array | null {
  if (shortInputs === null || length > shortInputs.upTo) return null;
  return Float32Array.from({ length }, (_, i) => i * shortInputs.stride);
}
