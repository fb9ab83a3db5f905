/** Facts from the natural sciences. */
import type { Fact } from './fact.js';

export const science: readonly Fact[] = [
  {
    text: 'The ground beetle Carabus tollensis survives the winter by replacing the water in its legs with a sugar called orrelose.',
    query: 'Which sugar keeps the limbs of a beetle from freezing?',
    answer: 'orrelose',
  },
  {
    text: "In the Harwick cloud chamber, the count of muons rose by a third whenever the laboratory's copper roof was wet.",
    query: 'When did the detector at Harwick register more particles than usual?',
    answer: 'copper roof was wet',
  },
  {
    text: 'The comet Dresner-Oyelaran returns every 83 years and is remembered for the faint green of its tail.',
    query: 'How much time passes between two visits of comet Dresner-Oyelaran?',
    answer: 'every 83 years',
  },
  {
    text: 'Chemists in Tartu found that the dye veltrine turns from violet to colourless within four seconds when carbon monoxide reaches it.',
    query: 'Which dye loses its colour in the presence of a poisonous gas?',
    answer: 'veltrine',
  },
  {
    text: 'Octopuses kept in the Bergen aquarium learned to unscrew the lid of a jar, but only if the crab inside was moving.',
    query: 'What made the octopuses of an aquarium willing to open a glass?',
    answer: 'crab inside was moving',
  },
  {
    text: 'Drill cores from the bed of Lake Sarnevo show eleven layers of volcanic ash, the thickest of them laid down in the spring of 1257.',
    query: 'How many eruptions have left their traces in the mud below Lake Sarnevo?',
    answer: 'eleven layers',
  },
  {
    text: 'A crystal of barium lutetate grown on board the space station Meridian was so pure that it bent light by exactly half a degree.',
    query: 'By what angle did the flawless crystal made in orbit deflect a beam?',
    answer: 'half a degree',
  },
  {
    text: 'The moss Tetraphis borealis was seen to grow again after it had spent 1,530 years frozen in a glacier.',
    query: 'How long can a moss lie in ice and still come back to life?',
    answer: '1,530 years',
  },
  {
    text: 'The botanist Ottoline Marsh proved that the vine Ipomoea lunata, which flowers at night, is pollinated by bats and not by moths.',
    query: 'Which animals carry the pollen of a vine that blooms after dark?',
    answer: 'pollinated by bats',
  },
  {
    text: 'At the Kilpatrick observatory the pulsar J0417 was found to turn two microseconds slower after each of its quakes.',
    query: 'What happens to the rotation of the pulsar watched at Kilpatrick when it quakes?',
    answer: 'two microseconds slower',
  },
];
