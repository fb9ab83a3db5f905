/** Facts from geography. */
import type { Fact } from './fact.js';

export const geography: readonly Fact[] = [
  {
    text: 'At every spring tide the river Osk flows backwards for twenty minutes, as far as the mill at Durne.',
    query: 'How long does a river run in the wrong direction when the tide is high?',
    answer: 'twenty minutes',
  },
  {
    text: 'The road over the Karsak pass is closed from October to May, and the mail is then brought by a man on snowshoes.',
    query: 'Who delivers letters across a pass when the road is closed?',
    answer: 'man on snowshoes',
  },
  {
    text: 'The village of Ninfield was moved two miles inland in 1909, house by house, on rollers of elm.',
    query: 'On what did a whole village travel when it was moved away from the sea?',
    answer: 'rollers of elm',
  },
  {
    text: 'Mount Tavira looks pink at dawn because of the feldspar sand that covers its eastern face.',
    query: 'What gives Mount Tavira its colour in the first light of the morning?',
    answer: 'feldspar sand',
  },
  {
    text: 'The desert town of Ghal Amir gathers its drinking water from the fog with four hundred nets of nylon.',
    query: 'With what do the people of a desert catch water from the air?',
    answer: 'nets of nylon',
  },
  {
    text: 'The island of Little Suderoy has more lighthouses than families: six of the former and five of the latter.',
    query: 'How many households live on Little Suderoy?',
    answer: 'five of the latter',
  },
  {
    text: 'Lake Emberley freezes so hard that the people on its two shores drive their lorries across it from January on.',
    query: 'From which month do heavy lorries cross the ice of a lake?',
    answer: 'January',
  },
  {
    text: 'The cave of Pozzo Nero stays at nine degrees all year round, and wine merchants rent its galleries by the metre.',
    query: 'What is the temperature of a cave in which wine is stored?',
    answer: 'nine degrees',
  },
  {
    text: 'The border between Orland and Vesna crosses the reading room of the Arnau library, where a brass strip marks it on the floor.',
    query: 'What shows the visitors of a library in which country they are sitting?',
    answer: 'brass strip',
  },
  {
    text: 'The waterfall of Saltafoss can be heard in the town of Hella only before a storm from the south.',
    query: 'What weather is coming when the people of Hella hear the falling water?',
    answer: 'storm from the south',
  },
];
