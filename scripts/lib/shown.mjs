const MODELS = ['--model', 'mini-rope', 'mini-ape', 'mini-causal'];
const TASKS = ['--tasks', 'passkey', 'needle', '--lengths', '256', '1k', '--limit', '50'];

/** Options of the shipped models' benchmark: one vector a document. */
export const SHOWN = [
  ...MODELS,
  ...TASKS,
  ...['--extend', 'none', 'none:1k', 'pcw:1k', 'gp:1k', 'rp:1k', 'pi:1k', 'ntk:1k', 'se:1k'],
];

/** Several vectors a document. */
export const SHOWN_PARTS = [
  ...MODELS,
  ...TASKS,
  '--extend',
  'pcw:1k',
  'gp:1k',
  '--vectors',
  'windows',
  'chunks:64',
];
