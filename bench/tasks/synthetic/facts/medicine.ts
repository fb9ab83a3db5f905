/** Facts from medicine. */
import type { Fact } from './fact.js';

export const medicine: readonly Fact[] = [
  {
    text: 'In the Lisbon trial, patients who took their cardelin tablets with grapefruit juice fainted twice as often as the others.',
    query: 'With which drink did a tablet make patients faint more often?',
    answer: 'grapefruit juice',
  },
  {
    text: 'The nurse Folake Adair observed that the newborns in her ward slept forty minutes longer when the night lamps were red.',
    query: 'What colour of light made newborn babies sleep better?',
    answer: 'night lamps were red',
  },
  {
    text: "Rossler's fever is passed on by the bite of a sand fly and begins with a rash on the soles of the feet.",
    query: "On which part of the body does the first sign of Rossler's fever appear?",
    answer: 'soles of the feet',
  },
  {
    text: 'The surgeon Dmitar Velkov closes small tears in the eardrum with a film of silk no thicker than a soap bubble.',
    query: 'What material does a surgeon use to mend a damaged ear?',
    answer: 'film of silk',
  },
  {
    text: 'Once a vial of the vaccine Nervaxil has been opened, it must be used within six hours or thrown away.',
    query: 'How long does the vaccine Nervaxil keep after opening?',
    answer: 'within six hours',
  },
  {
    text: 'A survey of rowers in Ghent showed that back pain was three times as common among those who trained before breakfast.',
    query: 'Which habit of rowers went together with aching backs?',
    answer: 'trained before breakfast',
  },
  {
    text: 'The clinic in Port Amity treats the pain of amputated hands with a mirror box and ten minutes at the piano each day.',
    query: 'How are patients in Port Amity relieved of pain in a hand they have lost?',
    answer: 'mirror box',
  },
  {
    text: "Doctor Yun's test for poisonous mushrooms shows within ninety minutes, from one drop of saliva, whether the liver is in danger.",
    query: 'Which body fluid does a doctor need to recognise mushroom poisoning early?',
    answer: 'one drop of saliva',
  },
  {
    text: 'Every child in Cadell county is invited to have its hearing examined in the month after its fourth birthday.',
    query: 'At what age are the ears of children in Cadell checked?',
    answer: 'fourth birthday',
  },
  {
    text: 'The old pharmacy of Monte Aurelio still makes its cough syrup from ivy leaves, honey and a spoonful of sea salt.',
    query: 'What goes into the syrup for coughs that an old pharmacy prepares?',
    answer: 'ivy leaves, honey and a spoonful of sea salt',
  },
];
