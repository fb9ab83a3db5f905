/** Facts from sport. */
import type { Fact } from './fact.js';

export const sport: readonly Fact[] = [
  {
    text: 'The goalkeeper Ines Falkor saved four penalties in the final of the Baltic Cup although she was playing with a broken thumb.',
    query: 'Which injury did a goalkeeper have when she stopped the penalties in a cup final?',
    answer: 'broken thumb',
  },
  {
    text: 'In 2003 the Tarn Valley marathon was two kilometres short, since a herd of cows would not leave the bridge.',
    query: 'What kept the runners of a marathon from covering the full distance?',
    answer: 'herd of cows',
  },
  {
    text: 'The chess master Oleg Banin lost his title because he touched his queen to chase away a fly and was then made to move it.',
    query: 'Which piece was a chess player obliged to move because of an insect?',
    answer: 'touched his queen',
  },
  {
    text: 'In the sailing club of Lomma, a race that ends in a dead heat is decided by a tug of war on the pier.',
    query: 'How does a sailing club find the winner of a race when two boats finish level?',
    answer: 'tug of war',
  },
  {
    text: 'The cyclist Marta Oyarzun won the stage to Puerto Alegre on a borrowed bicycle with a saddle that was ten centimetres too high.',
    query: 'What was wrong with the bicycle on which Oyarzun won a stage?',
    answer: 'ten centimetres too high',
  },
  {
    text: 'The curling stones of the Aberlour rink are turned over every third winter, when their running edge has worn thin.',
    query: 'How often are the stones used for curling at Aberlour flipped?',
    answer: 'every third winter',
  },
  {
    text: "The weightlifter Sione Taufa trained by carrying his grandmother's rain barrel up the hill on Sundays.",
    query: 'What did a weightlifter haul up a slope as training?',
    answer: 'rain barrel',
  },
  {
    text: 'The handball players of Szolnok wear one green sock in memory of the stationmaster who founded their club.',
    query: 'Which piece of clothing reminds a handball club of its founder?',
    answer: 'one green sock',
  },
  {
    text: 'The hammer record of the games in Glen Orrin has stood since 1926, when the blacksmith Callum Rae threw 43 metres.',
    query: 'Who set the old record for throwing the hammer in Glen Orrin?',
    answer: 'Callum Rae',
  },
  {
    text: 'At the ski jump of Vikersdal a strip of wool on a fishing rod shows the wind whenever the electronic gauge is frozen.',
    query: 'What do the judges of a ski jump watch for wind when their gauge does not work?',
    answer: 'strip of wool',
  },
];
