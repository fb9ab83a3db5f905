import type { Extend, StrategyContext } from '../../lib/extend/index.js';
import { count } from '../../lib/format.js';
import type { RemoteInfo, RemoteModel } from './remote-model.js';

/** A server's model as `none` sees it: the only strategy that it takes, and one that needs no facts. */
export function remoteContext({ nativeContext }: RemoteInfo): StrategyContext {
  return {
    nativeContext,
    positionEncoding: 'none',
    positionRows: 0,
    causal: false,
    ropeBase: 0,
    ropeDimensions: 0,
    engine: 'graph',
  };
}

/** Why a server's model cannot run a strategy or stop at a limit, a sentence; null: it can. */
export function remoteRefusal(
  { info, countsExactly }: RemoteModel,
  extend: Extend,
  maxTokens: number | null,
): string | null {
  const { nativeContext, name } = info;
  if (extend.method === 'pcw') {
    return "pcw averages the windows' vectors before they are scaled to length 1, and a server gives only scaled ones.";
  }
  if (extend.method !== 'none') return 'A server runs its model without context extension: use none.';
  if ((extend.target ?? nativeContext) > nativeContext) {
    return `${name ?? ''} takes at most ${count(nativeContext)} tokens; if it takes more, say so with --native-context.`;
  }
  if (maxTokens !== null && maxTokens < nativeContext && !countsExactly) {
    return `Texts can be cut at ${count(maxTokens)} tokens only by the model's own tokenizer.json: give --tokenizer.`;
  }
  return null;
}
