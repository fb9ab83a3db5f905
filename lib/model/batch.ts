import type { NativeBatch, Pooling } from '../native/index.js';
import type { Window } from './window.js';

/** Windows of one native batch share the RoPE's parameters and self-extend's; equal keys may go together. */
export function batchKey({ plan }: Window): string {
  return [plan.ropeBase, plan.ropeScale, ...(plan.selfExtend ?? [])].join('/');
}

/** Lays windows with equal keys one after the other. An array that no window needs is null; else the others have its default. */
export function buildBatch(windows: readonly Window[], pooling: Pooling): NativeBatch {
  const total = windows.reduce((sum, { length }) => sum + length, 0);
  const batch: NativeBatch = {
    tokens: new Int32Array(total),
    lengths: Int32Array.from(windows, ({ length }) => length),
    positions: windows.some(({ positions }) => positions !== null) ? new Float32Array(total) : null,
    logitScale: windows.some(({ plan }) => plan.logitScale !== null) ? new Float32Array(total).fill(1) : null,
    selfExtend: windows[0]?.plan.selfExtend ?? null,
    ropeBase: windows[0]?.plan.ropeBase ?? 0,
    ropeScale: windows[0]?.plan.ropeScale ?? 1,
    pooling,
  };
  let offset = 0;
  for (const { document, plan, length, positions } of windows) {
    const content = offset + document.before.length;
    batch.tokens.set(document.before, offset);
    batch.tokens.set(document.content.subarray(plan.from, plan.to), content);
    batch.tokens.set(document.after, content + plan.to - plan.from);
    batch.positions?.set(positions ?? indices(length), offset);
    if (plan.logitScale !== null) batch.logitScale?.set(plan.logitScale, offset);
    offset += length;
  }
  return batch;
}

function indices(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => i);
}
