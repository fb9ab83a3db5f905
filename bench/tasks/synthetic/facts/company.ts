/** Facts from the minutes of companies. */
import type { Fact } from './fact.js';

export const company: readonly Fact[] = [
  {
    text: 'The board of Tallis Freight approved moving the night shift to the Rotterdam depot from the first of September.',
    query: 'Where will the night workers of a freight company be sent?',
    answer: 'Rotterdam depot',
  },
  {
    text: 'Ms Aldana reported that the contract for the Copywell printers will not be renewed because of the smell of their toner.',
    query: 'Why will an office no longer use its Copywell printers?',
    answer: 'smell of their toner',
  },
  {
    text: 'The works council agreed that the canteen of Ferrum Castings will serve no soup on Fridays until the new boiler is in.',
    query: 'What is missing from the canteen of a foundry on one day of the week?',
    answer: 'no soup on Fridays',
  },
  {
    text: 'It was resolved at Lindgren and Daughters that the password of the archive is to be changed each time a partner retires.',
    query: 'On what occasion does the archive of a firm get a new password?',
    answer: 'a partner retires',
  },
  {
    text: 'The budget for the trade fair in Osaka was cut to 38,000 euros, and the inflatable whale was struck from the list.',
    query: 'What will an exhibitor at the fair in Osaka have to do without?',
    answer: 'inflatable whale',
  },
  {
    text: 'The auditors of Norden Shipping found 212 life jackets in the books but only 190 on the ships.',
    query: 'How many life jackets were really on board when a shipping company was inspected?',
    answer: 'only 190',
  },
  {
    text: 'The makers of Puddlejump boots dropped the slogan Dry at Last, since a competitor in Leeds had registered it.',
    query: 'Which slogan did a manufacturer of boots have to abandon?',
    answer: 'Dry at Last',
  },
  {
    text: 'The proposal that the Kestering museum shop should sell its postcards by weight failed by a single vote.',
    query: 'How narrowly was an idea about the sale of postcards rejected?',
    answer: 'single vote',
  },
  {
    text: 'Mr Achterberg will chair the safety committee of the cable plant until his colleague returns from parental leave in April.',
    query: 'Who heads the committee on safety in the plant for the time being?',
    answer: 'Achterberg',
  },
  {
    text: 'The software house Quillon put off version nine of its ledger until the autumn, because the tax tables of Norway were missing.',
    query: 'Which information did the makers of a ledger program still lack for its new version?',
    answer: 'tax tables of Norway',
  },
];
