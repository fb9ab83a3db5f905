const MODELS = ['--model', 'mini-rope', 'mini-ape', 'mini-causal'];
const TASKS = ['--tasks', 'passkey', 'needle'];

/** Options of the shipped models' benchmark. */
export const SHOWN = [
  ...MODELS,
  ...TASKS,
  ...['--lengths', '256', '512', '1k', '2k'],
  ...['--extend', 'none', 'none:2k', 'pcw:2k', 'gp:2k', 'rp:2k', 'pi:2k', 'ntk:2k', 'se:2k'],
];

/** Each strategy on documents as long as a lower target. @param {string} target */
export const shownAt = (target) => [
  ...MODELS,
  ...TASKS,
  ...['--lengths', target],
  ...['--extend', ...['pcw', 'gp', 'rp', 'pi', 'ntk', 'se'].map((method) => `${method}:${target}`)],
];

/** The strategies that scale attention, without scaling. */
export const SHOWN_UNSCALED = [
  ...MODELS,
  ...TASKS,
  ...['--lengths', '2k'],
  ...[
    '--extend',
    ...['none', 'gp', 'rp', 'pi', 'ntk', 'se'].map((method) => `${method}:2k,attention-scale=off`),
  ],
];
