/** The content of each strategy's picture. */
import { type Method, relativePosition, type ResolvedExtend } from '../../lib/extend/index.js';
import type { Chart, Kind, Point } from './chart.js';
import { OVERHEAD, MODEL, plan, positionsOf } from './example.js';

/** One picture per strategy. */
export const PICTURES: Record<Method, () => Chart> = {
  none: () => positions('none', () => 'a position is the index'),
  pcw: windows,
  gp: () => positions('gp', () => 'neighbours share a position'),
  rp: () => positions('rp', () => 'positions start over'),
  pi: () => positions('pi', ({ parameters: { s } }) => `positions are divided by ${s}`),
  ntk: () => rotations('ntk', ({ parameters: { lambda } }) => `the RoPE base times ${lambda}`),
  se: distances,
  dntk: () => rotations('dntk', () => 'the RoPE base by the length, here that of the target'),
  yarn: () => rotations('yarn', () => 'slow pairs are interpolated'),
};

/** Tokens of the text. */
const TOKENS = 64;
const { nativeContext } = MODEL;

/** Common to the pictures of plain positions. */
const FRAME = {
  xLabel: 'index of the token',
  yLabel: 'position',
  native: { min: 0, max: nativeContext - 1, name: 'native positions' },
  kinds: { known: 'within', beyond: 'beyond' },
} as const;

function kindOf(position: number): Kind {
  return position <= nativeContext - 1 ? 'known' : 'beyond';
}

/** One dot per token: its position. */
function positions(method: Method, what: (resolved: ResolvedExtend) => string): Chart {
  const { resolved, windows } = plan(method, TOKENS);
  let line = 0;
  const points = windows.flatMap(positionsOf).map((y, x, all): Point => {
    if (y < (all[x - 1] ?? 0)) line++;
    return { x, y, line, kind: kindOf(y) };
  });
  return { ...FRAME, title: `${resolved.spec}: ${what(resolved)}`, points };
}

/** One line per window, over the tokens of the text that it holds. */
function windows(): Chart {
  const { resolved, windows } = plan('pcw', TOKENS);
  const points = windows.flatMap((window, line) =>
    positionsOf(window).map((y, i): Point => {
      const content = i >= OVERHEAD.before && i < OVERHEAD.before + window.to - window.from;
      return { x: window.from + i, y, line, kind: content ? kindOf(y) : 'special' };
    }),
  );
  return {
    ...FRAME,
    title: `${resolved.spec}: ${windows.length} windows, each with positions of its own`,
    yLabel: 'position in its window',
    kinds: { ...FRAME.kinds, special: '[CLS] and [SEP] of each window' },
    points,
    labels: windows.map(({ to }, i) => ({
      x: to + OVERHEAD.before,
      y: nativeContext - 1,
      text: String(i + 1),
      place: 'above',
    })),
  };
}

/** Rotated dimensions of a head, two per pair: the usual size. */
const HEAD_SIZE = 64;
const LAST_PAIR = HEAD_SIZE / 2 - 1;
/** The pairs that are drawn, from the fastest to the slowest. */
const PAIRS = [0, 8, 16, 24, LAST_PAIR];
/** Tokens between two dots. */
const STRIDE = 64;

/** One line per pair: the position with the same angle under the model's own base. For a model of the usual size. */
function rotations(method: Method, what: (resolved: ResolvedExtend) => string): Chart {
  const model = { ...MODEL, nativeContext: 512 };
  const { resolved, windows } = plan(method, 8 * model.nativeContext, model);
  const { ropeBase = 0, ropeFactors = null } = windows[0] ?? {};
  const newBase = ropeBase === 0 ? model.ropeBase : ropeBase;
  const power = (base: number, pair: number): number => base ** ((2 * pair) / HEAD_SIZE);
  const position = (index: number, pair: number): number =>
    index / power(newBase / model.ropeBase, pair) / (ropeFactors?.[pair] ?? 1);
  /** Angles repeat after a turn: a pair that turns fully within the native context covers all of them. */
  const known = (y: number, pair: number): boolean =>
    y % (2 * Math.PI * power(model.ropeBase, pair)) <= model.nativeContext - 1;
  const indices = Array.from({ length: resolved.target / STRIDE + 1 }, (_, i) => i * STRIDE);
  return {
    title: `${resolved.spec}: ${what(resolved)}, a line a pair of rotated numbers`,
    xLabel: FRAME.xLabel,
    yLabel: 'position that has the same angle with the native base',
    native: { ...FRAME.native, max: model.nativeContext - 1 },
    kinds: { known: 'angle met in training', beyond: 'angle never met' },
    points: PAIRS.flatMap((pair) =>
      indices.map((x): Point => {
        const y = position(x, pair);
        return { x, y, line: pair, kind: known(y, pair) ? 'known' : 'beyond' };
      }),
    ),
    labels: PAIRS.map((pair) => ({
      x: resolved.target,
      y: position(resolved.target, pair),
      text: `pair ${pair}${pair === 0 ? ', fastest' : pair === LAST_PAIR ? ', slowest' : ''}`,
      place: 'right',
    })),
  };
}

/** The tokens whose view is drawn, and the key at which its label is placed. */
const VIEWS = [
  { query: 0, labelAt: 24 },
  { query: 31, labelAt: 52 },
  { query: 63, labelAt: 24 },
];

/** One line per query: the distance of each token as the query sees it. */
function distances(): Chart {
  const { resolved, windows } = plan('se', TOKENS);
  const [group, window] = windows[0]?.selfExtend ?? [1, 1];
  const seen = (query: number, key: number): number => 0 - relativePosition(query, key, group, window);
  return {
    title: `${resolved.spec}: g = ${group}, w = ${window}, as three of the tokens see the others`,
    xLabel: 'index of the token that is seen',
    yLabel: 'distance that attention sees',
    native: { min: 1 - nativeContext, max: nativeContext - 1, name: 'native distances' },
    kinds: { exact: 'near: exact', known: 'grouped, within', beyond: 'grouped, beyond' },
    points: VIEWS.flatMap(({ query }) =>
      Array.from({ length: TOKENS }, (_, key): Point => {
        const y = seen(query, key);
        const kind = Math.abs(key - query) < window ? 'exact' : kindOf(Math.abs(y));
        return { x: key, y, line: query, kind };
      }),
    ),
    labels: VIEWS.map(({ query, labelAt }) => ({
      x: labelAt,
      y: seen(query, labelAt),
      text: `token ${query} sees`,
      place: 'above',
    })),
  };
}
