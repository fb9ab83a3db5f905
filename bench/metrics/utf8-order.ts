/**
 * Compares strings by their UTF-8 bytes, as C's strcmp and so trec_eval does: that is the order of their code points.
 * JavaScript's own `<` compares UTF-16 units, in which "😀" (above U+FFFF) comes before "～" (U+FF5E).
 * @returns below 0 when `a` comes first, above 0 when `b` does, 0 when they are the same
 */
export function compareUtf8(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const difference = place(a.charCodeAt(i)) - place(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all that one unit can say. */
function place(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
