/** Where the authors publish the tasks, at the commit that MTEB 2.26 pins. */
export const REPOSITORY = {
  name: 'dwzhu/LongEmbed',
  commit: '6e346642246bfb4928c560ee08640dc84d074e8c',
} as const;

/** For messages and results: "dwzhu/LongEmbed@6e34664". */
export const REPOSITORY_LABEL = `${REPOSITORY.name}@${REPOSITORY.commit.slice(0, 7)}`;
