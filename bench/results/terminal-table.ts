import { printable } from '../../lib/format.js';

/** A row of figures; a cell may have several lines, separated by \n. */
export interface Row {
  readonly label: string;
  /** Empty: the label is a heading of the rows below. */
  readonly cells: readonly string[];
  /** Shown dimmed, if colours may be used. */
  readonly isDim?: boolean;
}

/** Keeps a table of eight lengths within 100 columns. */
const MAX_LABEL_WIDTH = 28;

const GAP = '  ';

/**
 * A table for a terminal: plain ASCII except for the labels, with a single line under its head, so that terminals, pagers and
 * mail programs all show it.
 * @param colors whether escape sequences may be used
 */
export function terminalTable(head: readonly string[], rows: readonly Row[], colors: boolean): string {
  const table = [
    { cells: [[''], ...head.map((title) => [title])], isDim: false },
    ...rows.map(({ label, cells, isDim }) => ({
      cells: [wrapped(printable(label)), ...head.map((_title, column) => (cells[column] ?? '').split('\n'))],
      isDim: colors && isDim === true,
    })),
  ];
  const columns = Array.from({ length: head.length + 1 }, (_, column) =>
    Math.max(...table.flatMap(({ cells }) => (cells[column] ?? []).map(width))),
  );
  const lines = table.flatMap(({ cells, isDim }) => {
    const height = Math.max(...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, line) =>
      columns
        .map((size, column) => {
          const text = cells[column]?.[line] ?? '';
          const space = ' '.repeat(size - width(text));
          const shown = isDim ? dim(text) : text;
          return column === 0 ? shown + space : space + shown;
        })
        .join(GAP)
        .trimEnd(),
    );
  });
  const rule = '-'.repeat(columns.reduce((total, size) => total + size + GAP.length, -GAP.length));
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}！-｠]/gu;

/** Number of terminal columns that a text occupies. */
function width(text: string): number {
  return text.replace(/[\p{M}\p{Cf}]/gu, '').replace(WIDE, '  ').length;
}

/** Lines of at most MAX_LABEL_WIDTH, broken after a space or a comma if possible; further lines are indented. */
function wrapped(label: string): string[] {
  if (label.length <= MAX_LABEL_WIDTH) return [label];
  const head = label.slice(0, MAX_LABEL_WIDTH);
  const indent = /^ */.exec(label)?.[0].length ?? 0;
  const last = Math.max(head.lastIndexOf(' '), head.lastIndexOf(',')) + 1;
  const cut = last > indent ? last : MAX_LABEL_WIDTH;
  return [head.slice(0, cut).trimEnd(), ...wrapped(' '.repeat(indent + 2) + label.slice(cut).trimStart())];
}

function dim(text: string): string {
  return text === '' ? '' : `\x1b[2m${text}\x1b[22m`;
}
