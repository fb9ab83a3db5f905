import { buildNative } from './build-native.mjs';
import { buildTypeScript } from './build-ts.mjs';
import { ensureDependencies } from './dependencies.mjs';

/** From a fresh clone to something that runs: packages, llama.cpp, addon, JavaScript. What is done is not done again. */
export function prepare() {
  ensureDependencies();
  buildNative();
  buildTypeScript();
}
