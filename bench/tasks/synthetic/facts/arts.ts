/** Facts from music and the arts. */
import type { Fact } from './fact.js';

export const arts: readonly Fact[] = [
  {
    text: 'The composer Liesl Hartung wrote her third string quartet for a cellist with only three fingers on the left hand.',
    query: 'What was special about the musician for whom Hartung composed a quartet?',
    answer: 'only three fingers on the left hand',
  },
  {
    text: "The lowest pipe of the organ in Saint Brannoc's is sounded only at the funerals of bell ringers.",
    query: 'On what occasions does a church organ play its deepest note?',
    answer: 'funerals of bell ringers',
  },
  {
    text: 'The painter Osei Mensah mixed his blue with ground mussel shells from the beach at Elmina.',
    query: 'What did a painter from the coast grind into his blue?',
    answer: 'ground mussel shells',
  },
  {
    text: 'The jazz club Blue Ladder in Antwerp closed in 1974, after its ceiling had come down during a drum solo by Ruud Jansen.',
    query: 'Who was playing when the ceiling of a jazz club collapsed?',
    answer: 'Ruud Jansen',
  },
  {
    text: 'The opera The Glass Orchard was first performed in complete darkness, because the censor had banned its costumes.',
    query: 'Why did the audience see nothing at the first performance of an opera?',
    answer: 'the censor had banned its costumes',
  },
  {
    text: "The fiddler Maeve Tully tunes her fourth string a tone lower for the dance that is known as Heron's Step.",
    query: 'For which dance does a fiddler change the tuning of her instrument?',
    answer: "Heron's Step",
  },
  {
    text: 'The sculptor Ambra Conti walled up a letter to her sister in the bronze horse in front of the station of Pavia.',
    query: 'What lies hidden inside the statue of a horse?',
    answer: 'letter to her sister',
  },
  {
    text: 'The Orpheon choir of Quimper rehearses in a disused swimming pool, whose echo lasts exactly five seconds.',
    query: 'In what unusual place does a choir practise because of the echo?',
    answer: 'disused swimming pool',
  },
  {
    text: 'The film The Last Ferryman was shot in eleven nights with a single lens that was borrowed from an eye doctor.',
    query: 'From whom did the makers of a film get their lens?',
    answer: 'eye doctor',
  },
  {
    text: "The dark varnish on Sadahiro's violins contains powdered amber and a little smoked tea.",
    query: "What is the varnish of Sadahiro's instruments made of?",
    answer: 'powdered amber',
  },
];
