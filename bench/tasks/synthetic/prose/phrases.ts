/** Phrases that fit every topic. */

/** Before a comma at the beginning of a sentence. */
export const times: readonly string[] = [
  'on the first warm day of the year',
  'late in the afternoon',
  'early on a Tuesday',
  'the morning after',
  'at about ten',
  'towards evening',
  'in the last week of autumn',
  'one wet Thursday',
  'shortly before noon',
  'after lunch',
  'on the following day',
  'in the second week',
  'as soon as it was light',
  'on the longest day of the summer',
  'during a lull in the rain',
  'not long afterwards',
  'that same evening',
  'in the quiet hour after dinner',
  'on a Sunday in March',
  'once the visitors had left',
  'at the very end of the season',
  'when nobody was looking',
  'around midday',
  'in the dead of winter',
  'some weeks later',
  'by the middle of the week',
  'long before the others were awake',
  'on the last day of the month',
  'just as the light was going',
  'in the first week of spring',
];

/** Before a comma at the beginning of a sentence that goes on with the story. */
export const turns: readonly string[] = [
  'all the same',
  'in the end',
  'for once',
  'as it turned out',
  'not surprisingly',
  "to everyone's relief",
  'as usual',
  'oddly enough',
  'more than once',
  'after some hesitation',
  'in spite of everything',
  'as luck would have it',
  'without much hope',
  'in the meantime',
  'as so often',
  'on second thoughts',
  'to be on the safe side',
  'against all advice',
];

/** After what somebody did, at the end of a sentence. */
export const manners: readonly string[] = [
  'once more',
  'for the first time in years',
  'without a word',
  'to general surprise',
  'before anyone could object',
  'in front of everyone',
  'in complete silence',
  'with a shrug',
  'for the second time that week',
  'while the others talked',
  'and thought nothing of it',
  'and then sat down',
  'and went home early',
  'and was rather proud of it',
  'and kept quiet about it',
  'and told everyone',
  'as had been expected',
  'for no reason that anyone could name',
  'at the worst possible moment',
  'and made a note of it',
  'and laughed',
  'just as had been agreed',
  'and asked for nothing in return',
  'and did not look up',
];

/** What came of something. */
export const outcomes: readonly string[] = [
  'nobody said a word about it afterwards',
  'that settled the matter',
  'it made no difference',
  'the others took it as a joke',
  'everything went on as before',
  'it was soon forgotten',
  'the talk turned to other things',
  'opinions remained divided',
  'a week went by before anyone mentioned it again',
  'nobody was in the mood to argue',
  'the plan was quietly dropped',
  'it all took longer than expected',
  'nothing came of it',
  'nobody took it seriously',
  'the matter came up again a month later',
  'no great harm was done',
  'everyone had an opinion about it',
  'the answer was a long silence',
];

/** What something was like to do. */
export const verdicts: readonly string[] = [
  'easier than it looked',
  'a point of honour',
  'thought unwise',
  'not always possible',
  'considered good manners',
  'hardly worth the trouble',
  'safer in the long run',
  'more important than anything else',
  'the first thing one learned',
  'an old custom',
  'a mistake',
];

/** What something is like, in general. */
export const judgements: readonly string[] = [
  'harder than it looks',
  'a matter of patience',
  'best done in company',
  'not a thing one learns from a book',
  'half habit and half luck',
  'its own reward',
  'more useful than it sounds',
  'a good way to spend a morning',
  'work for a dry day',
  'a pleasure that does not wear out',
  'easier for the young',
  'something one either likes or does not',
];

/** What those have who do the right thing. */
export const payoffs: readonly string[] = [
  'the rest follows by itself',
  'not much can go wrong',
  'people begin to take you seriously',
  'the day is half won',
  'there is nothing to regret later',
  'you are already ahead of most',
  'half of the trouble disappears',
  'nobody will ask for more',
];

/** How long something took. */
export const spans: readonly string[] = [
  'most of the morning',
  'the better part of a week',
  'an hour or two',
  'a whole afternoon',
  'nearly a month',
  'three evenings',
  'the rest of the day',
  'longer than planned',
  'an entire weekend',
];

/** What a thing was like. */
export const conditions: readonly string[] = [
  'older than it looked',
  'in better shape than anyone had expected',
  'the pride of the place',
  'a constant source of argument',
  'not what it had been',
  'always the first thing that visitors noticed',
  'smaller than people remembered',
  'never quite what one expected',
  'worth more than it seemed',
  'a favourite subject of conversation',
  'the only thing that never changed',
];
