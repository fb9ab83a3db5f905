/** What the generated prose is about. */
import type { Topic } from '../topic.js';
import { canal } from './canal.js';
import { garden } from './garden.js';
import { carpentry } from './carpentry.js';
import { school } from './school.js';
import { market } from './market.js';
import { clocks } from './clocks.js';
import { pottery } from './pottery.js';
import { weaving } from './weaving.js';
import { sheep } from './sheep.js';
import { walking } from './walking.js';
import { lodging } from './lodging.js';
import { language } from './language.js';
import { walls } from './walls.js';
import { street } from './street.js';
import { bus } from './bus.js';
import { writing } from './writing.js';
import { knitting } from './knitting.js';
import { repairs } from './repairs.js';
import { secondhand } from './secondhand.js';
import { moving } from './moving.js';
import { wood } from './wood.js';
import { lost } from './lost.js';
import { kites } from './kites.js';
import { baskets } from './baskets.js';

export const TOPICS: readonly Topic[] = [
  canal,
  garden,
  carpentry,
  school,
  market,
  clocks,
  pottery,
  weaving,
  sheep,
  walking,
  lodging,
  language,
  walls,
  street,
  bus,
  writing,
  knitting,
  repairs,
  secondhand,
  moving,
  wood,
  lost,
  kites,
  baskets,
];
