/** A repository on the Hugging Face hub. */
export interface Repository {
  readonly type: 'model' | 'dataset';
  /** With its owner: "intfloat/e5-base-v2". */
  readonly name: string;
}

/** A repository at one of its commits. */
export interface Snapshot extends Repository {
  /** 40 lower-case hex digits. */
  readonly commit: string;
}

/** A git commit: names that folder in the cache, so whatever a server sends is checked. */
export function isCommit(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{40}$/.test(text);
}

/** For messages and results: "dwzhu/LongEmbed@6e34664". */
export function snapshotLabel({ name, commit }: Snapshot): string {
  return `${name}@${commit.slice(0, 7)}`;
}
