import CliTable, { type CharName } from 'cli-table3';

/** A row of figures; lines of a cell are parted by \n. */
export interface Row {
  readonly label: string;
  /** Empty: the label is a heading of the rows below. */
  readonly cells: readonly string[];
  /** Less bright than the others, where that can be shown. */
  readonly isDim?: boolean;
}

/** So that a table of eight lengths is no wider than 100 columns. */
const LABEL_WIDTH = 28;

/** All that a table may be drawn with. Without it any terminal, pager or mail shows the table right. */
const LINES: readonly CharName[] = [
  ...(['top', 'top-mid', 'top-left', 'top-right'] as const),
  ...(['bottom', 'bottom-mid', 'bottom-left', 'bottom-right'] as const),
  ...(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'] as const),
];

/**
 * A table for a terminal: in plain ASCII but for the labels, with no line but the one under its head.
 * @param colors whether escape sequences may be used
 */
export function terminalTable(head: readonly string[], rows: readonly Row[], colors: boolean): string {
  const table = new CliTable({
    chars: Object.fromEntries(LINES.map((name) => [name, ''])),
    colAligns: ['left', ...head.map(() => 'right' as const)],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  table.push(['', ...head]);
  for (const { label, cells, isDim } of rows) {
    const shown = [
      wrapped(printable(label)).join('\n'),
      ...head.map((_title, column) => cells[column] ?? ''),
    ];
    table.push(colors && isDim === true ? shown.map(dim) : shown);
  }
  const [top = '', ...others] = table.toString().split('\n');
  return [top, '-'.repeat(table.width - 2), ...others].map((line) => line.trimEnd()).join('\n');
}

/** Text from a file, with nothing in it that may steer a terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}

/** Lines of at most LABEL_WIDTH, broken after a space or a comma where there is one; further lines are indented. */
function wrapped(label: string): string[] {
  if (label.length <= LABEL_WIDTH) return [label];
  const head = label.slice(0, LABEL_WIDTH);
  const indent = /^ */.exec(label)?.[0].length ?? 0;
  const last = Math.max(head.lastIndexOf(' '), head.lastIndexOf(',')) + 1;
  const cut = last > indent ? last : LABEL_WIDTH;
  return [head.slice(0, cut).trimEnd(), ...wrapped(' '.repeat(indent + 2) + label.slice(cut).trimStart())];
}

function dim(text: string): string {
  return text === '' ? '' : `\x1b[2m${text}\x1b[22m`;
}
