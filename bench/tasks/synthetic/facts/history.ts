/** Facts from history. */
import type { Fact } from './fact.js';

export const history: readonly Fact[] = [
  {
    text: 'The Peace of Ostrau Bridge ended the Salt War in 1683 and gave the town of Lenz the right to mint its own silver coins.',
    query: 'What privilege did Lenz receive when the war over salt was settled?',
    answer: 'mint its own silver coins',
  },
  {
    text: 'Queen Adelind of Merrow was crowned in a barn, since the roof of the cathedral had burned down nine days before.',
    query: 'In what kind of building did Adelind become queen?',
    answer: 'crowned in a barn',
  },
  {
    text: 'The lighthouse keepers of Skarvo announced the rebellion of 1831 to the fishing fleet by burning blue tar in three lanterns.',
    query: 'With what signal did the keepers of lighthouses tell ships of an uprising?',
    answer: 'burning blue tar',
  },
  {
    text: "Bread riots broke out in Vassel in the dry summer of 1794, because the mayor had sold the town's grain to the navy of Portugal.",
    query: 'Who had bought the grain that the hungry people of Vassel needed?',
    answer: 'navy of Portugal',
  },
  {
    text: 'The first census of the island of Tormund, taken by the priest Halvard Brekke in 1702, counted 412 people and 1,960 sheep.',
    query: 'What was the population of Tormund when it was first recorded?',
    answer: '412 people',
  },
  {
    text: 'The printer Isolde Kramer smuggled forbidden pamphlets out of Leuchtenau inside hollow loaves of rye.',
    query: 'Where were banned writings hidden when they left the city of Leuchtenau?',
    answer: 'hollow loaves of rye',
  },
  {
    text: 'Sultan Idris the Younger moved his capital from Qasr Amel to the river town of Bahrun after a plague had emptied the palace.',
    query: 'Which place became the new capital of a sultan whose court had been struck by disease?',
    answer: 'river town of Bahrun',
  },
  {
    text: 'The siege of Fort Callan was lifted on its 71st day, when a flood had ruined the gunpowder of the besiegers.',
    query: 'What forced the army around Fort Callan to give up?',
    answer: 'flood had ruined the gunpowder',
  },
  {
    text: 'The explorer Tadeo Irigoyen named the southern strait after his cook, Benita Roldan, who had kept the crew alive on penguin eggs.',
    query: 'Whose name did a grateful explorer give to a strait?',
    answer: 'Benita Roldan',
  },
  {
    text: 'In 1911 the telephone operators of Novy Dvor went on strike for nineteen days and won the right to sit down at work.',
    query: 'What did the women at a telephone exchange achieve by their strike?',
    answer: 'right to sit down',
  },
];
