import type { SpecName } from '../../models/random/cached.js';
import { ARCHITECTURE_NAMES } from '../../models/random/index.js';

/** The models whose copies are mutated: one of each architecture, and some with other tensors. */
export const MUTATED_MODELS: readonly SpecName[] = [...ARCHITECTURE_NAMES, 'bert-bare', 'llama-biases'];
