import { writeFailure } from '../../lib/system-error.js';
import { UsageError } from '../exit.js';

/** Makes the handler that turns the system's error about an output into a sentence. */
export function outputError(path: string): (error: unknown) => never {
  return (error) => {
    throw new UsageError(`Cannot write to ${path}: ${writeFailure(error)}.`, { cause: error });
  };
}
