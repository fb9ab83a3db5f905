import { type Extend, type Method, parseExtend } from '../../lib/index.js';
import type { ModelResult, RunResult } from '../results/results.js';
import type { PaperModel } from './models.js';

/** What the paper ran: a model with a strategy. */
export interface PaperRun {
  readonly model: PaperModel;
  readonly method: Method;
  /** Lt in tokens; the native context where nothing was extended. */
  readonly target: number;
}

/**
 * Whether a run of ours is that of the paper: the same model at the same native context, the same strategy and target, and
 * the paper's settings of the strategy (Table 6), left to their defaults or written out.
 */
export function isPaperRun(paper: PaperRun, model: ModelResult, run: RunResult): boolean {
  const { preset, nativeContext, maxParameters = Infinity } = paper.model;
  return (
    model.preset === preset &&
    model.nativeContext === nativeContext &&
    model.parameters <= maxParameters &&
    run.method === paper.method &&
    run.target === paper.target &&
    hasPaperSettings(parseExtend(run.extend), paper)
  );
}

function hasPaperSettings(extend: Extend, { model, target }: PaperRun): boolean {
  const scale = target / model.nativeContext;
  const paper: Record<string, number | string> = {
    attentionScale: extend.method === 'se' && model.causal === true ? 'position' : 'length',
    ...(extend.method === 'pi' && { s: scale }),
    ...(extend.method === 'ntk' && { lambda: scale + Math.max(1, scale / 4) }),
    ...(extend.method === 'se' && { g: scale + 1, w: model.nativeContext / scale }),
  };
  return Object.entries(extend).every(
    ([key, value]) => key === 'method' || key === 'target' || value === paper[key],
  );
}
