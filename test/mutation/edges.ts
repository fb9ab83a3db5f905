/** Numbers at which sums, products and conversions go wrong. */
export const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  7n,
  31n,
  33n,
  255n,
  256n,
  1000n,
  65535n,
  65536n,
  2n ** 20n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 40n,
  2n ** 53n,
  2n ** 62n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

export const FLOATS = [0, -0, 1, -1, 1e-45, 1e-12, 0.5, 1e30, -1e30, Infinity, -Infinity, NaN];
