import { buildNative } from './build-native.mjs';
import { buildTypeScript } from './build-ts.mjs';
import { ensureDependencies } from './dependencies.mjs';

/** From a fresh clone to a working program: packages, llama.cpp, addon, JavaScript. Steps already done are skipped. */
export function prepare() {
  ensureDependencies();
  buildNative();
  buildTypeScript();
}
