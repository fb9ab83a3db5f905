/** How a type of safetensors stores numbers. The numbers of those without a reader are none of a model's weights. */
export interface NumberType {
  readonly bytes: number;
  /** Reads `into.length` numbers from the start of `from`, as float32. */
  readonly read?: (from: DataView, into: Float32Array) => void;
}

const scratch = new DataView(new ArrayBuffer(4));

/** All 65,536 halves as float32, made when the first is read. */
let halves: Float32Array | null = null;

function allHalves(): Float32Array {
  return Float32Array.from({ length: 1 << 16 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >>> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

function readHalves(from: DataView, into: Float32Array): void {
  halves ??= allHalves();
  for (let i = 0; i < into.length; i += 1) into[i] = halves[from.getUint16(2 * i, true)] ?? NaN;
}

function readBrainFloats(from: DataView, into: Float32Array): void {
  for (let i = 0; i < into.length; i += 1) {
    scratch.setUint16(0, from.getUint16(2 * i, true));
    into[i] = scratch.getFloat32(0);
  }
}

function readFloats(from: DataView, into: Float32Array): void {
  for (let i = 0; i < into.length; i += 1) into[i] = from.getFloat32(4 * i, true);
}

function readDoubles(from: DataView, into: Float32Array): void {
  for (let i = 0; i < into.length; i += 1) into[i] = from.getFloat64(8 * i, true);
}

/** By the name in a safetensors header. */
export const NUMBER_TYPES: ReadonlyMap<string, NumberType> = new Map<string, NumberType>([
  ['F64', { bytes: 8, read: readDoubles }],
  ['F32', { bytes: 4, read: readFloats }],
  ['F16', { bytes: 2, read: readHalves }],
  ['BF16', { bytes: 2, read: readBrainFloats }],
  ['I64', { bytes: 8 }],
  ['U64', { bytes: 8 }],
  ['I32', { bytes: 4 }],
  ['U32', { bytes: 4 }],
  ['I16', { bytes: 2 }],
  ['U16', { bytes: 2 }],
  ['I8', { bytes: 1 }],
  ['U8', { bytes: 1 }],
  ['F8_E4M3', { bytes: 1 }],
  ['F8_E5M2', { bytes: 1 }],
  ['BOOL', { bytes: 1 }],
]);
