/**
 * Draws docs/images/*.svg, a picture of the positions for each strategy, from the plans that the library makes.
 *
 * Run it after a change to lib/extend or to a picture: npx tsx docs/draw/main.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { drawAll, IMAGES } from './index.js';

mkdirSync(IMAGES, { recursive: true });
for (const [name, svg] of drawAll()) {
  writeFileSync(new URL(name, IMAGES), svg);
  console.log(`docs/images/${name}`);
}
