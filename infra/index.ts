export { freePort } from './free-port.ts';
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './postgres/start.ts';
export { ensureTool, findProgram, type Tool } from './tools.ts';
