/** IEEE 754 half precision, for files whose matrices are F16. */

const scratch = new DataView(new ArrayBuffer(4));

/** The 16 bits nearest to a number, ties to even; too large becomes infinity. */
export function toHalf(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const fraction = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const shifted = exponent - 112;
  if (shifted >= 31) return sign | 0x7c00;
  if (shifted > 0) return sign + roundShift((shifted << 23) | fraction, 13);
  // Below half's smallest normal number: the leading one becomes explicit and is shifted into the fraction.
  if (shifted < -10) return sign;
  return sign + roundShift(fraction | 0x800000, 14 - shifted);
}

/** `bits >> by`, rounded to nearest, ties to even. A carry into the exponent is what it should be. */
function roundShift(bits: number, by: number): number {
  const kept = bits >>> by;
  const rest = bits & ((1 << by) - 1);
  const middle = 1 << (by - 1);
  return rest > middle || (rest === middle && (kept & 1) === 1) ? kept + 1 : kept;
}

/** Each number's half-precision bits. */
export function toHalves(values: Float32Array): Uint16Array {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i += 1) halves[i] = toHalf(values[i] ?? 0);
  return halves;
}
