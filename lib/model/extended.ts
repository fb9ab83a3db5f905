/** The keys that `longembed extend` leaves in a file: how it was made. */
export const EXTENDED_KEYS = {
  /** The strategy with every number written out: longembed with it on the original gives the file's vectors. */
  spec: 'longembed.extend.spec',
  /** Lo of the original, in tokens. */
  nativeContext: 'longembed.extend.native_context',
  /** The context length that the original's file gave, which for a position matrix is its rows. */
  originalContext: 'longembed.extend.original_context_length',
  /** longembed's version. */
  version: 'longembed.extend.version',
} as const;

/** A file's record of its own extension. Lengths are in tokens. */
export interface Extended {
  /** The strategy that was written into it, such as "pi:4k,s=8,attention-scale=off". */
  readonly spec: string;
  /** Lo of the original. */
  readonly nativeContext: number;
  /** The context length that the original's file gave. */
  readonly originalContext: number;
}

/** @returns null when the file was not made by `longembed extend` */
export function readExtended(metadata: Readonly<Record<string, string>>): Extended | null {
  const spec = metadata[EXTENDED_KEYS.spec];
  const nativeContext = Number(metadata[EXTENDED_KEYS.nativeContext]);
  const originalContext = Number(metadata[EXTENDED_KEYS.originalContext]);
  if (spec === undefined || !Number.isInteger(nativeContext) || !Number.isInteger(originalContext))
    return null;
  return { spec, nativeContext, originalContext };
}
