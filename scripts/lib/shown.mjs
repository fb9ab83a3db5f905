const MODELS = ['--model', 'mini-rope', 'mini-ape', 'mini-causal'];
const TASKS = ['--tasks', 'passkey', 'needle', '--lengths', '256', '512', '1k', '2k', '--limit', '50'];

/** Options of the shipped models' benchmark: one vector a document. */
export const SHOWN = [
  ...MODELS,
  ...TASKS,
  ...['--extend', 'none', 'none:2k', 'pcw:2k', 'gp:2k', 'rp:2k', 'pi:2k', 'ntk:2k', 'se:2k'],
];

/** Several vectors a document. */
export const SHOWN_PARTS = [
  ...MODELS,
  ...TASKS,
  '--extend',
  'pcw:2k',
  'gp:2k',
  '--vectors',
  'windows',
  'chunks:64',
];
