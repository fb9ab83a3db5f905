/** What the examples search. */
export const DOCUMENTS = {
  'lease.txt':
    'This lease begins on the first of May. The rent is due on the first day of each month. ' +
    'The tenant may terminate the lease with a notice of ninety days. Pets need the consent of the landlord.',
  'minutes.txt':
    'The board met on Tuesday. It approved the budget for the coming year. The next meeting is in October.',
};

export const QUESTION = 'How can the tenant terminate the lease?';
