/** Facts from engineering. */
import type { Fact } from './fact.js';

export const engineering: readonly Fact[] = [
  {
    text: 'The footbridge at Corran swayed until the engineers hung a tank with 600 litres of water under its middle as a damper.',
    query: 'What did engineers put below a footbridge to stop it from swinging?',
    answer: 'tank with 600 litres of water',
  },
  {
    text: 'One blade of every turbine in the Saltholm wind farm was painted black, and collisions with gulls fell by 70 per cent.',
    query: 'How did a wind farm keep birds from flying into its rotors?',
    answer: 'painted black',
  },
  {
    text: 'The tunnelling machine Griselda advanced only four metres a day through the wet clay under the brewery of Brenthal.',
    query: 'At what speed did the machine called Griselda dig below a brewery?',
    answer: 'four metres a day',
  },
  {
    text: 'The lift in the Carlow Tower halts at the ninth floor by itself as soon as its cable has stretched by two millimetres.',
    query: 'Where does the elevator of the Carlow Tower stop when its rope gets too long?',
    answer: 'ninth floor',
  },
  {
    text: 'The Pelham thermostat crashed on every leap day, because its calendar table ended at row 365.',
    query: 'On which date did a thermostat always fail?',
    answer: 'every leap day',
  },
  {
    text: 'The dam at Alto Verrin lets forty litres a second pass on purpose, so that the trout below it never lie dry.',
    query: 'For the sake of which fish does a dam leak a little all the time?',
    answer: 'trout below it',
  },
  {
    text: 'The Hollis steam pump of 1866 was repaired with a piston cast from melted church bells.',
    query: 'From what was the new piston of a historic steam pump made?',
    answer: 'melted church bells',
  },
  {
    text: 'Ground control lost contact with the satellite Kestrel-2 when a bolt in the mast of its antenna, tightened by hand, came loose in the cold.',
    query: 'Which part failed when the satellite Kestrel-2 fell silent?',
    answer: 'bolt in the mast',
  },
  {
    text: 'The tram depot in Zelena Street keeps its rails free of ice with the waste heat of a biscuit factory next door.',
    query: 'Where does the heat come from that thaws the rails of a tram depot?',
    answer: 'biscuit factory next door',
  },
  {
    text: 'The paper mill at Fossum halved its use of water by cleaning the rollers with compressed air.',
    query: 'How does the mill that makes paper at Fossum clean its machines with little water?',
    answer: 'compressed air',
  },
];
