/** Numbers and names as the command line and the benchmark show them: the same in every locale. */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 12,345 */
export function count(value: number): string {
  return grouped.format(value);
}

/** "1 document", "12 documents" */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** What a size may end in. */
const UNITS = { '': 1, k: 1024, m: 1024 * 1024 } as const;

/** Reads a size in tokens: 512, 4k (4,096) or 1m (1,048,576). @returns null when the text is not one */
export function parseSize(text: string): number | null {
  const parts = /^(\d+)([km]?)$/i.exec(text);
  if (parts === null) return null;
  return Number(parts[1]) * UNITS[parts[2]?.toLowerCase() as keyof typeof UNITS];
}

/** 45.9 MB, 7.7 GB */
export function formatBytes(size: number): string {
  return size >= 1e9 ? `${(size / 1e9).toFixed(1)} GB` : `${(size / 1e6).toFixed(1)} MB`;
}

/** 8 s, 2 min 05 s, 1 h 02 min */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const padded = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${padded(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${padded(Math.floor((whole % 3600) / 60))} min`;
}

/** Text from a file, safe for a terminal: control characters become replacement characters. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}
