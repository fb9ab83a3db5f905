import type { Method } from '../../../lib/extend/index.js';
import type { ModelInfo } from '../../../lib/index.js';
import { keyOf } from './keys.js';
import type { Store } from './store.js';

/** How fast a model with a method went: work as `workOf` counts it. */
export interface Speed {
  readonly work: number;
  readonly seconds: number;
}

/** A model and where it runs. */
interface Runner {
  readonly sha256: string;
  readonly info: Pick<ModelInfo, 'device' | 'threads'>;
}

/** Work a second of earlier runs on this machine; null when there were none. */
export function recordedSpeed(store: Store, runner: Runner, method: Method): number | null {
  const speed = read(store, key(runner, method));
  return speed === null ? null : speed.work / speed.seconds;
}

/** Notes how fast a run went. Earlier ones count half, so that a short run does not undo what a long one found out. */
export function recordSpeed(store: Store, runner: Runner, method: Method, speed: Speed): void {
  if (speed.work <= 0 || speed.seconds <= 0) return;
  const place = key(runner, method);
  const before = read(store, place) ?? { work: 0, seconds: 0 };
  const value = Buffer.alloc(16);
  value.writeDoubleLE(before.work / 2 + speed.work, 0);
  value.writeDoubleLE(before.seconds / 2 + speed.seconds, 8);
  store.put(place, value);
}

function key({ sha256, info }: Runner, method: Method): Buffer {
  return keyOf('speed', sha256, info.device, info.threads, method);
}

function read(store: Store, place: Buffer): Speed | null {
  const value = store.get(place);
  return value === null ? null : { work: value.readDoubleLE(0), seconds: value.readDoubleLE(8) };
}
