/** Phrases on one subject, without capitals or stops, for the templates to put together: any phrase fits any other of its topic. */
export interface Topic {
  /** Somebody: "the lock keeper". */
  readonly people: readonly string[];
  /** Something in the singular: "the towpath". */
  readonly things: readonly string[];
  /** Where somebody can stand: "under the brick bridge". */
  readonly places: readonly string[];
  /** What somebody did: "counted the boats before supper". */
  readonly deeds: readonly string[];
  /** What somebody might do: "check the water level". */
  readonly duties: readonly string[];
  /** What can be learned: "steering a long boat". */
  readonly crafts: readonly string[];
  /** What was to be seen or heard: "the water lay still and brown". */
  readonly scenes: readonly string[];
  /** What holds at any time: "slow water has a long memory". */
  readonly sayings: readonly string[];
  /** Why something was done: "the gate had begun to leak". */
  readonly reasons: readonly string[];
}
