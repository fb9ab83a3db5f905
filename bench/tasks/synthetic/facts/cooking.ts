/** Facts from cooking. */
import type { Fact } from './fact.js';

export const cooking: readonly Fact[] = [
  {
    text: 'The cooks of the port of Mirande thicken their fish stew with ground almonds and never with flour.',
    query: 'What is used instead of flour in a stew of fish?',
    answer: 'ground almonds',
  },
  {
    text: 'The sourdough of the Klement bakery in Graz is fed with cold chamomile tea on the first day of each month.',
    query: 'Which drink is added to the sourdough of a bakery once a month?',
    answer: 'chamomile tea',
  },
  {
    text: 'At the Jade Lantern restaurant, a duck is hung before a fan for eighteen hours so that its skin will be crisp.',
    query: 'How long is a duck dried at the Jade Lantern before it is roasted?',
    answer: 'eighteen hours',
  },
  {
    text: "The dumplings called pirlotta are filled with beetroot and goat's cheese and boiled in whey.",
    query: 'In what liquid are the dumplings named pirlotta cooked?',
    answer: 'boiled in whey',
  },
  {
    text: "Old Ilinca's plum jam needs no sugar, since it simmers in a copper kettle for a night and a day.",
    query: 'For how long does a jam without sugar stay on the fire?',
    answer: 'a night and a day',
  },
  {
    text: 'The pastry chef Anselm Duval seasons his chocolate cake with a pinch of smoked paprika.',
    query: 'Which spice does a chef put into a cake of chocolate?',
    answer: 'smoked paprika',
  },
  {
    text: 'At the harvest feast of Oristel, the first pancake out of the pan is given to the oldest donkey in the village.',
    query: 'Who receives the first pancake when the harvest is celebrated?',
    answer: 'oldest donkey',
  },
  {
    text: 'The cheese Bramwell Ash is rolled in the embers of apple wood and ripens for a hundred days in a railway tunnel.',
    query: 'Where is a cheese coated with ash left to ripen?',
    answer: 'railway tunnel',
  },
  {
    text: 'Walnuts that are to be pickled in the manner of Hereford Cross are pricked with a silver fork before the end of June.',
    query: 'Which tool is used on walnuts before they are pickled?',
    answer: 'silver fork',
  },
  {
    text: 'The rice of the Tamarind House is washed seven times and then rests under a banana leaf until the guests are seated.',
    query: 'What covers the rice of a restaurant before it is served?',
    answer: 'banana leaf',
  },
];
