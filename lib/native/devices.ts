import { addon } from './addon.js';
import { IsolatedModel } from './isolated/index.js';
import type { NativeDevice, NativeModel } from './types.js';

/** The devices where a model is: with an isolated one, nothing here need open a GPU to know of them. */
export function devicesOf(model: NativeModel): readonly NativeDevice[] {
  return model instanceof IsolatedModel ? model.devices : addon().devices();
}
