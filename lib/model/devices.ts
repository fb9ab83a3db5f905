import { addon } from '../native/index.js';
import type { Device } from './types.js';

/**
 * The devices that models can run on here: the CPU, and the GPUs whose backend is there.
 * @throws LongEmbedError ERR_BACKEND when the native part is missing
 */
export function devices(): Device[] {
  return addon().devices();
}
