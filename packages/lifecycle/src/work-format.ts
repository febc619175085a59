/**
 * Which version of the rules an experiment was made under: its columns' meaning, what a trial starts from, what a
 * checkpoint holds. It rises when workers of the version before would get the work wrong; those then leave it alone.
 */
export const workFormat = 1;
