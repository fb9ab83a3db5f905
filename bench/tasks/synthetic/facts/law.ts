/** Facts from law and public rules. */
import type { Fact } from './fact.js';

export const law: readonly Fact[] = [
  {
    text: 'In Harrow Mills v. Okafor the court held that a landlord must return the deposit within 21 days, even to a tenant who left no address.',
    query: 'How soon does a tenant have to get the deposit back after moving out?',
    answer: 'within 21 days',
  },
  {
    text: 'Under section 14 of the Harbour Noise Act, no ship may sound its horn between eleven at night and five in the morning except in fog.',
    query: 'During which hours are the horns of ships in port forbidden?',
    answer: 'between eleven at night and five in the morning',
  },
  {
    text: 'The will of Cornelius Abbot left the vineyard to his gardener on the condition that no tree in it would ever be felled.',
    query: 'What did a gardener have to promise in order to inherit a vineyard?',
    answer: 'no tree in it would ever be felled',
  },
  {
    text: "The licence between Pellworth Seeds and the farmers' union forbids saving the wheat called Goldmantle for a second sowing.",
    query: 'Which kind of wheat may farmers not sow again under their licence?',
    answer: 'Goldmantle',
  },
  {
    text: 'Judge Amarante dismissed the libel suit of the actor Per Lindahl because the newspaper had printed its correction on the front page.',
    query: 'Why did an actor lose his case against a newspaper for libel?',
    answer: 'correction on the front page',
  },
  {
    text: 'The constitution of the Republic of Sandoval allows the president a single term of seven years.',
    query: 'How long may one person govern Sandoval as president?',
    answer: 'single term of seven years',
  },
  {
    text: 'In the dispute over the Bluewater pipeline, the arbitrator ordered the builder to pay 4.6 million euros for using the wrong grade of steel.',
    query: 'What was the builder of a pipeline made to pay for unsuitable metal?',
    answer: '4.6 million euros',
  },
  {
    text: 'By the rules of the parish of Eastmere, a dog may run free in the churchyard only if its owner lives within sight of the tower.',
    query: 'Whose dogs are allowed off the lead among the graves of Eastmere?',
    answer: 'within sight of the tower',
  },
  {
    text: 'The patent of Rosa Quill on a zip that closes itself by magnets lapsed when a renewal fee of eight pounds went unpaid.',
    query: 'For what reason did the patent on a magnetic fastener end?',
    answer: 'renewal fee of eight pounds',
  },
  {
    text: 'Jurors in the county of Wendover may put written questions to a witness, which the clerk reads aloud after lunch.',
    query: 'Who speaks the questions that a jury in Wendover has for a witness?',
    answer: 'the clerk reads aloud',
  },
];
