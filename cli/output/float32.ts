/**
 * The shortest decimal that gives back the same float32, as JSON takes it.
 * A double printed in full would claim digits that a float32 does not have, and double the file.
 */
export function formatFloat32(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no number that JSON can hold`);
  if (Object.is(value, -0)) return '-0';
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}
