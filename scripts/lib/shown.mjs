/** The benchmark of the models that ship: what `npm start` runs, and what the tables in models/README.md are of. */
export const SHOWN = [
  ...['--model', 'mini-rope', 'mini-ape', 'mini-causal'],
  ...['--tasks', 'passkey', 'needle'],
  ...['--lengths', '256', '512', '1k', '2k'],
  ...['--extend', 'none', 'none:2k', 'pcw:2k', 'gp:2k', 'rp:2k', 'pi:2k', 'ntk:2k', 'se:2k'],
];
