export { readKerasModel } from './read.ts';
export { writeKerasModel } from './write.ts';
