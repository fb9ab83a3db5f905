const scratch = new DataView(new ArrayBuffer(4));

/** The 16 bits of half precision (IEEE 754) nearest to a float32, ties to even; what is too large becomes infinity. */
export function toHalf(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  // From halfway between the largest half and the next power of two.
  if (magnitude >= 0x477ff000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x38800000) {
    // A carry out of the fraction rounds the exponent up, as it should.
    const rebased = magnitude - 0x38000000;
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
  }
  // Below half's smallest normal number: multiples of 2^-24.
  const multiple = Math.abs(value) * 2 ** 24;
  const whole = Math.floor(multiple);
  const rest = multiple - whole;
  return sign | (rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? whole + 1 : whole);
}
