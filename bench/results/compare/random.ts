/**
 * Random bits that are the same everywhere for the same seed: the generator xoshiro128** (Blackman and Vigna, 2018), its
 * state filled by splitmix32.
 * @param seed a whole number from 0
 * @returns a function that gives 32 bits a call, as a whole number from 0
 */
export function randomBits(seed: number): () => number {
  let seeding = seed | 0;
  const fill = (): number => {
    seeding = (seeding + 0x9e3779b9) | 0;
    let mixed = seeding ^ (seeding >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let [a, b, c, d] = [fill(), fill(), fill(), fill()];
  return () => {
    const bits = Math.imul(rotated(Math.imul(b, 5), 7), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 11);
    return bits >>> 0;
  };
}

function rotated(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}
