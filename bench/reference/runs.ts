import { withDefaults } from '../../lib/extend/index.js';
import { type Method, parseExtend } from '../../lib/index.js';
import { omit } from '../../lib/omit.js';
import { isRemote, remoteName } from '../remote/options.js';
import { isPlain, type ModelResult, type RunResult } from '../results/results.js';
import type { PaperModel } from './models.js';

/** A row of the paper's tables: a model with a strategy. */
export interface PaperRun {
  readonly model: PaperModel;
  readonly method: Method;
  /** Lt in tokens; the native context where nothing was extended. */
  readonly target: number;
}

/**
 * Whether a run is one of the paper's: the same model at the same native context, the same strategy and target, and the
 * paper's settings of the strategy (Table 6), which are the strategies' defaults, whether omitted or spelled out.
 */
export function isPaperRun(paper: PaperRun, model: ModelResult, run: RunResult): boolean {
  const { preset, remote = false, nativeContext, maxParameters = Infinity } = paper.model;
  const isModel = remote
    ? isRemote(model.file) && remoteName(model.file) === preset
    : model.preset === preset;
  return (
    isPlain(run) &&
    isModel &&
    model.nativeContext === nativeContext &&
    model.parameters <= maxParameters &&
    run.method === paper.method &&
    run.target === paper.target &&
    hasPaperSettings(run.extend, paper)
  );
}

function hasPaperSettings(spec: string, { method, model, target }: PaperRun): boolean {
  const given = omit(parseExtend(spec), 'method', 'target');
  const context = { nativeContext: model.nativeContext, causal: model.causal === true };
  const { parameters, attentionScale } = withDefaults({ method }, target, context);
  const paper: Record<string, unknown> = { ...parameters, attentionScale };
  return Object.entries(given).every(([key, value]) => value === paper[key]);
}
